/** Nanoseconds since 1970, exact. A bigint, because today's value needs 61 bits. */
export type UnixNano = bigint & { readonly unit: 'unix-nano' };
/** A length of time in nanoseconds, exact and never negative. */
export type DurationNano = bigint & { readonly unit: 'duration-nano' };

const largest = 2n ** 64n;
const isUnixNano = (value: bigint): value is UnixNano => value >= 0n && value < largest;
const isDurationNano = (value: bigint): value is DurationNano => value >= 0n;

export function unixNano(value: bigint): UnixNano {
  if (!isUnixNano(value)) throw new RangeError(`${value} is no time: it must lie in 0 to 2^64`);
  return value;
}

export function durationNano(value: bigint): DurationNano {
  if (!isDurationNano(value)) throw new RangeError(`${value} is no duration: it is negative`);
  return value;
}

export const unixNanoFromMillis = (millis: number): UnixNano => unixNano(BigInt(Math.max(0, Math.trunc(millis))) * 1_000_000n);
export const millisOf = (time: UnixNano): number => Number(time / 1_000_000n);
/** To a float for drawing and comparing: exact up to 104 days. */
export const nanosOf = (duration: DurationNano): number => Number(duration);

/** A time that lies `offset` nanoseconds (fractions are dropped) after `time`, held inside what can be written. */
export function after(time: UnixNano, offset: number): UnixNano {
  const moved = time + BigInt(Math.trunc(offset));
  return unixNano(moved < 0n ? 0n : moved >= largest ? largest - 1n : moved);
}
