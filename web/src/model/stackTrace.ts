/** A line of a stack trace that names a place in code. */
export interface Frame {
  readonly text: string;
  readonly call: string;
  /** Type and method without the namespace. */
  readonly short: string;
  readonly file: string | null;
  readonly line: string | null;
  /** Of a runtime or a library rather than of the service itself. */
  readonly library: boolean;
  /** What a run of library frames is named after. */
  readonly owner: string;
  /** The line of source that Python puts below a frame. */
  readonly code: string | null;
}

export type StackPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'frame'; readonly frame: Frame }
  | { readonly kind: 'library'; readonly owner: string; readonly frames: readonly Frame[] };

const libraryCalls = /^(System|Microsoft|Grpc|Npgsql|OpenTelemetry|Google|Polly|Serilog|Newtonsoft|java|javax|jakarta|jdk|sun|kotlin|kotlinx|scala|org\.(springframework|apache|eclipse|junit|hibernate)|io\.(grpc|netty|opentelemetry)|runtime|testing|net\/http|google\.golang\.org|golang\.org\/x)[.$/]/;
const libraryFiles = /(node:internal|node_modules|^internal\/|site-packages|dist-packages|\/lib\/python\d|<frozen |\/usr\/local\/go\/|\/pkg\/mod\/)/;

const shortFile = (path: string): string => path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
const ownerOf = (call: string, file: string | null): string => {
  const package_ = file === null ? null : /(?:node_modules|site-packages|dist-packages)[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(file)?.[1];
  if (package_ !== null && package_ !== undefined) return package_;
  if (file !== null && /node:internal|^internal\//.test(file)) return 'Node.js';
  if (file !== null && /\/lib\/python\d|<frozen /.test(file)) return 'Python';
  return call.split(/[.$/]/).slice(0, 2).join('.');
};

/** `Hsi.Store.<GetAsync>d__7.MoveNext` is how .NET writes the method `Hsi.Store.GetAsync` that waits. */
const readable = (call: string): string => call.replace(/\.<(\w+)>d__\d+(?:`\d+)?\.MoveNext$/, '.$1');

function frame(text: string, sent: string, file: string | null, line: string | null): Frame {
  const call = readable(sent);
  const library = libraryCalls.test(call) || (file !== null && libraryFiles.test(file));
  return { text, call, short: call.includes('/') || call.includes(' ') ? call : call.split('.').slice(-2).join('.'), file: file === null ? null : shortFile(file), line, library, owner: ownerOf(call, file), code: null };
}

/** Go writes a frame on two lines: the call, then the file below it. */
function readGoFrame(call: string, place: string | undefined): Frame | null {
  const file = /^\s+(\S.*\.(?:go|s)):(\d+)(?: \+0x[0-9a-f]+)?\s*$/.exec(place ?? '');
  if (file === null || /^\s/.test(call)) return null;
  const name = call.replace(/^created by /, '').replace(/ in goroutine \d+$/, '').replace(/\((?:[^()]|\([^()]*\))*\)\s*$/, '');
  // The last part of a package's path is what its calls are known by.
  const short = name.slice(name.lastIndexOf('/') + 1);
  return { ...frame(`${call}\n${place ?? ''}`, name, file[1] ?? null, file[2] ?? null), short, owner: /^[^/]+\.[^/]+\//.test(name) ? name.split('/').slice(0, 3).join('/').replace(/\.[^/.]*$/, '') : (name.split(/[./]/)[0] ?? name) };
}

function readFrame(text: string): Frame | null {
  // .NET: "at Some.Type.Method(String arg) in /src/File.cs:line 12"
  let match = /^\s*at (.+?)\((.*)\)(?: in (.+):line (\d+))?\s*$/.exec(text);
  // Java: "at com.acme.Type.method(File.java:12)"; also "(Native Method)".
  if (match !== null && match[3] === undefined) {
    const java = /^([\w$-]+\.(?:java|kt|scala|groovy)):(\d+)$/.exec(match[2] ?? '');
    if (java !== null) return frame(text, match[1] ?? '', java[1] ?? null, java[2] ?? null);
    // JavaScript: "at fn (/app/file.js:12:5)"
    const script = /^(.*?):(\d+):\d+$/.exec(match[2] ?? '');
    if (script !== null) return frame(text, (match[1] ?? '').trim(), script[1] ?? null, script[2] ?? null);
  }
  if (match !== null) return frame(text, match[1] ?? '', match[3] ?? null, match[4] ?? null);
  match = /^\s*at (?:async )?(\S+?):(\d+):\d+\s*$/.exec(text);
  if (match !== null) return frame(text, '(anonymous)', match[1] ?? null, match[2] ?? null);
  // Python: '  File "/app/x.py", line 12, in name'
  match = /^\s*File "(.+)", line (\d+)(?:, in (.+))?\s*$/.exec(text);
  if (match !== null) return frame(text, match[3] ?? '(module)', match[1] ?? null, match[2] ?? null);
  return null;
}

/** The source that Python shows below a frame, and the carets below that. */
const isPythonCode = (text: string | undefined): text is string => text !== undefined && /^\s{4}\s*\S/.test(text) && !/^\s*File "/.test(text);

/** Splits a stack trace of .NET, Java, JavaScript, Python or Go into frames; what is not a frame stays as text, nothing is lost. */
export function readStack(stack: string): readonly StackPart[] {
  const parts: StackPart[] = [];
  const lines = stack.split(/\r?\n/).filter((line) => line.trim() !== '');
  const add = (read: Frame): void => {
    const last = parts.at(-1);
    if (!read.library) parts.push({ kind: 'frame', frame: read });
    else if (last?.kind === 'library') parts[parts.length - 1] = { kind: 'library', owner: last.owner === read.owner ? last.owner : 'libraries', frames: [...last.frames, read] };
    else parts.push({ kind: 'library', owner: read.owner, frames: [read] });
  };
  for (let i = 0; i < lines.length; i++) {
    const text = lines[i] ?? '';
    const go = readGoFrame(text, lines[i + 1]);
    if (go !== null) {
      add(go);
      i++;
      continue;
    }
    const read = readFrame(text);
    if (read === null) {
      parts.push({ kind: 'text', text: text.trimEnd() });
      continue;
    }
    const below: string[] = [];
    if (/^\s*File "/.test(text)) for (let next = lines[i + 1]; below.length < 2 && isPythonCode(next); next = lines[i + 1]) {
      below.push(next);
      i++;
    }
    add(below.length === 0 ? read : { ...read, text: [text, ...below].join('\n'), code: below[0]?.trim() ?? null });
  }
  return parts;
}
