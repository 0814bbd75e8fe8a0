/** A line of JSON that was laid out for reading: its text without the indent. */
export interface JsonLine {
  readonly depth: number;
  readonly text: string;
}

const opens = (character: string | undefined): boolean => character === '{' || character === '[';
const closes = (character: string | undefined): boolean => character === '}' || character === ']';

/** The index after a string that begins at `from`. */
function stringEnd(json: string, from: number): number {
  let i = from + 1;
  while (i < json.length && json[i] !== '"') i += json[i] === '\\' ? 2 : 1;
  return Math.min(json.length, i + 1);
}

const blank = (character: string | undefined): boolean => character === ' ' || character === '\n' || character === '\r' || character === '\t';
function blanksEnd(json: string, from: number): number {
  let i = from;
  while (blank(json[i])) i++;
  return i;
}

/**
 * Cuts JSON into lines, one value each. It never reads values, so every digit stays as it was sent; what is no JSON comes out as lines, too, and nothing is lost but blanks between values. Empty
 * objects and arrays stay on their line.
 */
export function jsonLines(json: string): readonly JsonLine[] {
  const lines: JsonLine[] = [];
  let [depth, text] = [0, ''];
  const end = (at: number): void => {
    if (text !== '') lines.push({ depth: at, text });
    text = '';
  };
  for (let i = 0; i < json.length; ) {
    const character = json[i];
    if (blank(character)) i++;
    else if (character === '"') {
      const to = stringEnd(json, i);
      text += json.slice(i, to);
      i = to;
    } else if (opens(character)) {
      const next = blanksEnd(json, i + 1);
      text += character;
      if (closes(json[next])) {
        text += json[next];
        i = next + 1;
      } else {
        end(depth);
        depth++;
        i++;
      }
    } else if (closes(character)) {
      end(depth);
      depth = Math.max(0, depth - 1);
      text = character ?? '';
      i++;
    } else if (character === ',') {
      text += ',';
      end(depth);
      i++;
    } else if (character === ':') {
      text += ': ';
      i++;
    } else {
      let to = i + 1;
      while (to < json.length && !blank(json[to]) && !/[,:{}[\]"]/.test(json[to] ?? '')) to++;
      text += json.slice(i, to);
      i = to;
    }
  }
  end(depth);
  return lines;
}

/** The lines that contain a text, whatever its case. */
export function findLines(lines: readonly JsonLine[], text: string): Int32Array {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return new Int32Array(0);
  const found: number[] = [];
  lines.forEach((line, number) => line.text.toLowerCase().includes(wanted) && found.push(number));
  return Int32Array.from(found);
}
