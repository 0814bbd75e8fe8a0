// Runs after vite: writes brotli and gzip variants beside each file, and fails the build when the first visit's script outgrows its budget.
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';

const out = process.env.WEB_OUT ?? 'dist';
const budgetBytes = 200_000;
const smallestBytes = 512; // Below this a compressed variant saves less than its headers cost.

const manifestPath = path.join(out, '.vite', 'manifest.json');
const manifest = JSON.parse(fs.readFileSync(manifestPath, 'utf8'));

/** Every chunk that the entry loads at once: its static imports, not the lazy ones. */
function firstVisit(key, seen = new Set()) {
  if (seen.has(key)) return seen;
  seen.add(key);
  for (const imported of manifest[key].imports ?? []) firstVisit(imported, seen);
  return seen;
}

const entry = Object.keys(manifest).find((key) => manifest[key].isEntry);
if (entry === undefined) throw new Error(`no entry in ${manifestPath}`);
const scripts = [...firstVisit(entry)].map((key) => manifest[key].file).concat('theme.js');
// What traces the page is loaded where the server asks for it, and by nobody else.
const tracing = [...firstVisit('src/instrument/start.ts')].map((key) => manifest[key].file).filter((file) => !scripts.includes(file));
fs.rmSync(path.join(out, '.vite'), { recursive: true });

let [scriptBytes, tracingBytes] = [0, 0];
for (const name of fs.readdirSync(out, { recursive: true })) {
  const file = path.join(out, name);
  if (!/\.(html|js|css|svg|json)$/.test(file)) continue;
  const bytes = fs.readFileSync(file);
  const gzip = zlib.gzipSync(bytes, { level: 9 });
  if (scripts.includes(name.split(path.sep).join('/'))) scriptBytes += gzip.length;
  if (tracing.includes(name.split(path.sep).join('/'))) tracingBytes += gzip.length;
  if (bytes.length < smallestBytes) continue;
  fs.writeFileSync(`${file}.gz`, gzip);
  fs.writeFileSync(`${file}.br`, zlib.brotliCompressSync(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 11 } }));
}

console.log(`web: script of the first visit ${(scriptBytes / 1000).toFixed(1)} kB gzipped, budget ${budgetBytes / 1000} kB; that which traces the page ${(tracingBytes / 1000).toFixed(1)} kB more, where it is asked for`);
if (tracingBytes === 0) {
  console.error('web: what traces the page is in the script of the first visit; it has to be loaded lazily');
  process.exit(1);
}
if (scriptBytes > budgetBytes) {
  console.error(`web: the first visit's script is over its budget by ${scriptBytes - budgetBytes} bytes; load a part of it lazily`);
  process.exit(1);
}
