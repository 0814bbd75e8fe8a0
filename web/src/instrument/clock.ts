import type { HrTime } from '@opentelemetry/api';

/** What the page's clock may be off before it is set right: less is the coarseness of the two clocks. */
const noise = 20;

/**
 * A moment of the page's clock (milliseconds since the page began) in seconds and nanoseconds since 1970. That clock stands still while a computer sleeps. The SDK would set every span's clock by whole milliseconds, so
 * that a call could seem to begin before what it is part of.
 */
export function instant(at: number): HrTime {
  const behind = Date.now() - performance.timeOrigin - performance.now();
  const millis = performance.timeOrigin + (Math.abs(behind) > noise ? behind : 0) + at;
  const seconds = Math.floor(millis / 1000);
  return [seconds, Math.round((millis - seconds * 1000) * 1e6)];
}
