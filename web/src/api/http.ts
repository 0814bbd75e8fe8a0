import * as z from 'zod/mini';
import { ApiProblem } from './problem';

// The content security policy forbids eval; without this zod would try it once and be reported.
z.config({ jitless: true });

const problemDetails = z.object({
  title: z.optional(z.nullable(z.string())),
  detail: z.optional(z.nullable(z.string())),
  parameter: z.optional(z.nullable(z.string())),
  position: z.optional(z.nullable(z.number())),
  errors: z.optional(z.array(z.object({ path: z.string(), message: z.string() }))),
});

async function problemOf(response: Response): Promise<ApiProblem> {
  const kind = response.status === 404 ? 'not-found' : response.status < 500 ? 'refused' : 'failed';
  const fallback = `The server answered ${response.status}${response.statusText === '' ? '' : ` ${response.statusText}`}`;
  const read = problemDetails.safeParse(await response.json().catch(() => null));
  if (!read.success) return new ApiProblem(kind, fallback, '', response.status);
  const { title, detail, parameter, position, errors } = read.data;
  return new ApiProblem(kind, title ?? fallback, detail ?? '', response.status, parameter ?? null, position ?? null, errors);
}

/** Fetches and checks: what comes back has the schema's form, or an `ApiProblem` says why not. An abort is passed on as it is. */
export const getJson = <S extends z.ZodMiniType>(path: string, schema: S, signal: AbortSignal): Promise<z.infer<S>> => askJson(path, { signal, headers: { accept: 'application/json' } }, schema);

/** Sends a document in place of the one that is there; what comes back is checked as by `getJson`. */
export const putJson = <S extends z.ZodMiniType>(path: string, body: unknown, schema: S): Promise<z.infer<S>> =>
  askJson(path, { method: 'PUT', headers: { accept: 'application/json', 'content-type': 'application/json' }, body: JSON.stringify(body) }, schema);

/** The server ends its own searches after 10 s, so what has not begun to answer after this hangs. */
const patienceMillis = 60_000;

/** The answer once it begins; a server that hangs is told from one that can't be reached. An abort is passed on as it is. */
async function begin(path: string, request: RequestInit): Promise<Response> {
  const stopped = new AbortController();
  const stop = (): void => stopped.abort();
  // It stays until the body is read, which the caller may stop as well.
  request.signal?.addEventListener('abort', stop, { once: true });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    stop();
  }, patienceMillis);
  try {
    if (request.signal?.aborted === true) stop();
    return await fetch(path, { ...request, signal: stopped.signal });
  } catch (cause) {
    if (request.signal?.aborted === true) throw cause;
    if (late) throw new ApiProblem('unreachable', 'The server does not answer', `It has not begun to answer for ${patienceMillis / 1000} s. It may hang, or have more to do than it can.`);
    throw new ApiProblem('unreachable', 'The server can’t be reached', 'It may have been stopped, or the connection was lost.');
  } finally {
    clearTimeout(timer);
  }
}

async function askJson<S extends z.ZodMiniType>(path: string, request: RequestInit, schema: S): Promise<z.infer<S>> {
  const aborted = (): boolean => request.signal?.aborted === true;
  const response = await begin(path, request);
  if (!response.ok) throw await problemOf(response);
  let body: unknown;
  try {
    body = await response.json();
  } catch (cause) {
    if (aborted()) throw cause;
    throw new ApiProblem('unreadable', 'The answer is no JSON', `${path.split('?')[0] ?? path} answered something else; a proxy may stand between.`, response.status);
  }
  const read = schema.safeParse(body);
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  const where = issue === undefined ? '' : `${issue.path.join('.')}: ${issue.message}`;
  throw new ApiProblem('unreadable', 'The answer has another form than expected', `${path.split('?')[0] ?? path}, ${where}. The page and the server may be of different versions; reload the page.`, response.status);
}

/** Text as it comes, up to a number of bytes; null when there is more, which is then not read. */
export async function getText(path: string, mostBytes: number, signal: AbortSignal): Promise<string | null> {
  const response = await begin(path, { signal, headers: { accept: 'application/json' } });
  if (!response.ok) throw await problemOf(response);
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let [text, bytes] = ['', 0];
  try {
    for (;;) {
      const part = await reader?.read();
      if (part === undefined || part.done) return text + decoder.decode();
      bytes += part.value.byteLength;
      if (bytes > mostBytes) {
        await reader?.cancel();
        return null;
      }
      text += decoder.decode(part.value, { stream: true });
    }
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new ApiProblem('unreachable', 'The answer broke off', `${bytes} bytes had come when the connection was lost.`);
  }
}
