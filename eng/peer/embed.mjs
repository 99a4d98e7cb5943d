// Reads lines of {"folder": ..., "texts": [...], "pooling": "mean" | "cls"} and answers each with
// {"vectors": [[...], ...]}: what transformers.js makes of the texts, in one batch, brought to unit length.
// A failure is answered with {"error": ...}.
import path from "node:path";
import readline from "node:readline";
import { env, pipeline } from "@huggingface/transformers";

env.allowRemoteModels = false;
env.allowLocalModels = true;

const extractors = new Map();

function extractor(folder) {
  if (!extractors.has(folder)) {
    env.localModelPath = path.dirname(folder);
    extractors.set(folder, pipeline("feature-extraction", path.basename(folder), { dtype: "fp32", device: "cpu" }));
  }
  return extractors.get(folder);
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  let answer;
  try {
    const { folder, texts, pooling } = JSON.parse(line);
    const extract = await extractor(folder);
    const vectors = await extract(texts, { pooling, normalize: true });
    answer = { vectors: vectors.tolist() };
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
