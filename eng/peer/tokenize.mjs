// Reads lines of {"folder": ..., "texts": [...]} and answers each with {"ids": [[...], ...]}: what transformers.js
// makes of the texts with that folder's tokenizer. A failure is answered with {"error": ...}.
import fs from "node:fs";
import path from "node:path";
import readline from "node:readline";
import { PreTrainedTokenizer } from "@huggingface/transformers";

const tokenizers = new Map();

function tokenizer(folder) {
  if (!tokenizers.has(folder)) {
    const read = (name) => JSON.parse(fs.readFileSync(path.join(folder, name), "utf8"));
    tokenizers.set(folder, new PreTrainedTokenizer(read("tokenizer.json"), read("tokenizer_config.json")));
  }
  return tokenizers.get(folder);
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  let answer;
  try {
    const { folder, texts } = JSON.parse(line);
    const { input_ids } = tokenizer(folder)(texts, { return_tensor: false });
    answer = { ids: input_ids };
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
