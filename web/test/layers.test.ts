import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

/** What each layer may import: other layers and packages. The list is the rule; a file that breaks it fails by name. */
const layers: Readonly<Record<string, { readonly layers: readonly string[]; readonly packages: RegExp }>> = {
  model: { layers: ['model'], packages: /^$/ },
  api: { layers: ['api', 'model'], packages: /^(zod\/mini|@tanstack\/react-query)$/ },
  ui: { layers: ['ui', 'model'], packages: /^react$/ },
  charts: { layers: ['charts', 'ui', 'model'], packages: /^react$/ },
  timeline: { layers: ['timeline', 'ui', 'model'], packages: /^(react|@tanstack\/react-virtual)$/ },
  // Loaded only where the page is traced, so that nothing else may know it.
  instrument: { layers: ['instrument', 'model'], packages: /^@opentelemetry\/[a-z-]+$/ },
  routes: { layers: ['routes', 'timeline', 'charts', 'ui', 'api', 'model'], packages: /^(react|wouter|@tanstack\/react-(query|virtual))$/ },
};
/** A route knows no other route; the shell, which holds them, is what they may share. */
const sharedRoute = 'shell';
/** Wire forms are turned into the model's here and are seen nowhere else. */
const wireFiles = ['api/wire', 'api/traceWire', 'api/chartWire', 'api/serverWire', 'api/pipelineWire', 'api/eventsWire', 'api/logWire', 'api/metricWire', 'api/profileWire', 'api/cohortWire', 'api/http'];

const root = path.resolve(import.meta.dirname, '../src');
const files = fs
  .readdirSync(root, { recursive: true, encoding: 'utf8' })
  .map((file) => file.split(path.sep).join('/'))
  .filter((file) => /\.tsx?$/.test(file) && file.includes('/') && !/\.test\.tsx?$/.test(file));
const read = (file: string): string => fs.readFileSync(path.join(root, file), 'utf8');
const importsOf = (file: string): readonly string[] => [...read(file).matchAll(/^(?:import\s+|(?:import|export)\b[^'"`;=]*?\bfrom\s*)'([^']+)';|\bimport\('([^']+)'\)/gm)].map((match) => match[1] ?? match[2] ?? '');
const resolved = (file: string, specifier: string): string | null => (specifier.startsWith('.') ? path.posix.join(path.posix.dirname(file), specifier) : null);
/** Source without comments, texts and text between tags, so that words in them are not taken for code. */
const code = (file: string): string =>
  read(file)
    .replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '')
    .replaceAll(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, "''")
    .replaceAll(/`(?:[^`\\]|\\.)*`/g, '``');

it('finds the source files', () => {
  expect(files.length).toBeGreaterThan(50);
  expect(new Set(files.map((file) => file.split('/')[0]))).toEqual(new Set(Object.keys(layers)));
});

describe.each(files)('%s', (file) => {
  const layer = file.split('/')[0] ?? '';
  const rules = layers[layer];

  it('imports only what its layer may', () => {
    for (const specifier of importsOf(file)) {
      if (/\.(css|svg)$/.test(specifier)) continue;
      const target = resolved(file, specifier);
      if (target === null) expect(specifier, `${layer} may not use this package`).toMatch(rules?.packages ?? /^$/);
      else expect(rules?.layers, `${layer} imports ${target}`).toContain(target.split('/')[0]);
    }
  });

  it('leaves wire forms to the API layer', () => {
    if (layer === 'api') return;
    for (const specifier of importsOf(file)) expect(wireFiles).not.toContain(resolved(file, specifier));
  });

  it('keeps routes apart', () => {
    const route = file.split('/')[1] ?? '';
    if (layer !== 'routes' || route === sharedRoute) return;
    for (const specifier of importsOf(file)) {
      const target = resolved(file, specifier);
      if (target?.startsWith('routes/')) expect([route, sharedRoute]).toContain(target.split('/')[1]);
    }
  });

  it('has no any, no assertion of types and no way to put markup into the page', () => {
    const source = code(file);
    expect(source).not.toMatch(/\bany\b(?=\s*[;,)>\]=|&[])/);
    expect(source).not.toMatch(/[\w)\]}>'`]\s+as\s+(?!const\b)(?!\w+\s*(?:,|\}|from\b))[A-Za-z{[(]/);
    expect(source).not.toMatch(/@ts-|dangerouslySetInnerHTML|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function\(/);
    expect(source).not.toMatch(/[\w)\]]!(?:[.;,)\]]|\[)/);
  });
});

describe('style sheets', () => {
  const sheets = fs.readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.css') && !file.endsWith('tokens.css'));
  it.each(sheets)('%s takes its colours from the tokens', (sheet) => {
    const found = read(sheet).match(/#[0-9a-f]{3,8}\b|\brgba?\(|\bhsla?\(/gi) ?? [];
    expect(found).toEqual([]);
  });
  it('style no class of each other: they stay loaded when the screen changes', () => {
    const owners = new Map<string, Set<string>>();
    for (const sheet of sheets) {
      const selectors = read(sheet).replaceAll(/\/\*[\s\S]*?\*\//g, '').matchAll(/([^{}]+)\{/g);
      for (const [, list] of selectors)
        for (const [, name] of (list ?? '').matchAll(/(?:^|,)\s*\.([\w-]+)(?=\s*(?:$|,|[ :>+~[]))/g)) owners.set(name ?? '', (owners.get(name ?? '') ?? new Set()).add(sheet));
    }
    const shared = [...owners].filter(([, of]) => of.size > 1 && ![...of].some((sheet) => sheet.startsWith('ui/')));
    expect(shared.map(([name, of]) => `${name}: ${[...of].sort().join(', ')}`)).toEqual([]);
  });
});
