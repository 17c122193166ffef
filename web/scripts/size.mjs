// Fails when the script of the first load (entry and home, without the player) is over the budget.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const BUDGET_KB = 150;
const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));
const seen = new Set();

function collect(key) {
  if (seen.has(key)) return;
  seen.add(key);
  for (const next of manifest[key].imports ?? []) collect(next);
}

const entry = Object.keys(manifest).find((key) => manifest[key].isEntry);
const home = Object.keys(manifest).find((key) => key.endsWith("features/videos/home/HomePage.tsx"));
if (!entry || !home) throw new Error("the build has no entry or no home page");
collect(entry);
collect(home);

let total = 0;
for (const file of new Set([...seen].map((key) => manifest[key].file))) {
  if (!file.endsWith(".js")) continue;
  const size = gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length;
  total += size;
  console.log(`${(size / 1000).toFixed(1).padStart(7)} kB  ${file}`);
}
console.log(`${(total / 1000).toFixed(1).padStart(7)} kB  first load, gzip (budget ${BUDGET_KB} kB)`);
if (total > BUDGET_KB * 1000) process.exit(1);
