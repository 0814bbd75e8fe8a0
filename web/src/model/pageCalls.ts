/** A path with its ids taken out, so that calls of one kind have one name: `/api/v1/traces/{traceId}/spans/{spanId}`. */
export const templateOf = (path: string): string =>
  path
    .split('/')
    .map((part, index, parts) => (/^[0-9a-f]{32}$/i.test(part) ? '{traceId}' : /^[0-9a-f]{16}$/i.test(part) ? '{spanId}' : /^\d+$/.test(part) ? '{id}' : parts[index - 1] === 'images' ? '{imageId}' : part))
    .join('/');

/** Whether a call is part of what the page does for its user: one to the APIs of its own server. */
export const isTracedCall = (url: URL, origin: string): boolean => url.origin === origin && /^\/(api|events-api)(\/|$)/.test(url.pathname);

/** A call that is under way, as far as the browser's timings are matched to it; milliseconds on the page's clock. */
export interface OpenCall {
  readonly url: string;
  readonly start: number;
}

/** Clocks of scripts are coarser than those of the network. */
const tolerance = 1;

/** The call that a timing of the browser is of: the first that is open for its address and had begun by then. */
export const callOf = <T extends OpenCall>(open: readonly T[], timing: { readonly name: string; readonly startTime: number }): T | undefined =>
  open.find((call) => call.url === timing.name && call.start <= timing.startTime + tolerance);

/** How long after what a user did the page's calls count as done for it. Longer than the pause after which typing is acted upon. */
const reachMillis = 1000;

export const isAnswerTo = (input: { readonly at: number } | null, at: number): boolean => input !== null && at - input.at <= reachMillis;

/** Lets so many through a minute: an error that comes with every frame is told a few times and then counted. */
export function atMost(perMinute: number): (at: number) => boolean {
  let [since, count] = [-Infinity, 0];
  return (at) => {
    if (at - since >= 60_000) [since, count] = [at, 0];
    count++;
    return count <= perMinute;
  };
}
