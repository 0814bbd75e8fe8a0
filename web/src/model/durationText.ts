const sizes: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

export type DurationText = { readonly ok: true; readonly nanos: number; readonly text: string } | { readonly ok: false; readonly message: string };

/** Reads `5ms`, `1.5s`, `2m`; the text that comes back is what the server takes. */
export function parseDuration(input: string): DurationText {
  const match = /^(\d+(?:\.\d+)?)\s*([a-zµ]*)$/i.exec(input.trim());
  if (match === null) return { ok: false, message: 'Write a number and a unit, such as 5ms or 1.5s' };
  const [, figure = '', unit = ''] = match;
  const size = sizes[unit];
  if (unit === '') return { ok: false, message: `Add a unit: ${figure}ms, ${figure}s` };
  if (size === undefined) return { ok: false, message: `Unknown unit “${unit}”. Use ns, us, ms, s, m or h` };
  return { ok: true, nanos: Number(figure) * size, text: `${figure}${unit === 'µs' ? 'us' : unit}` };
}
