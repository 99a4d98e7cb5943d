// Reads lines of {"folder": ..., "pooling": ..., "batches": [[...], ...], "budgetMs": ...} and answers each with
// {"ms": [...], "residentMb": ...}: how long transformers.js takes for each batch, tokenizing and pooling included, going
// round the batches until the budget is spent, at least once each. A failure is answered with {"error": ...}.
import path from "node:path";
import readline from "node:readline";
import { env, pipeline } from "@huggingface/transformers";

env.allowRemoteModels = false;
const extractors = new Map();

async function extractor(folder) {
  if (!extractors.has(folder)) {
    env.localModelPath = path.dirname(folder) + "/";
    extractors.set(folder, await pipeline("feature-extraction", path.basename(folder), { dtype: "fp32" }));
  }
  return extractors.get(folder);
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  let answer;
  try {
    const { folder, pooling, batches, budgetMs } = JSON.parse(line);
    const extract = await extractor(folder);
    await extract(batches[0], { pooling, normalize: true });
    const ms = [];
    const begin = performance.now();
    for (let i = 0; i < batches.length || performance.now() - begin < budgetMs; i++) {
      const start = performance.now();
      await extract(batches[i % batches.length], { pooling, normalize: true });
      ms.push(performance.now() - start);
    }
    answer = { ms, residentMb: process.memoryUsage().rss / 1048576 };
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
