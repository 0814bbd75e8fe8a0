/**
 * Consistent probability sampling (OpenTelemetry specification, "TraceState: Probability Sampling"): the last 56 bits of the trace id decide, so that what a lower share keeps, every higher one keeps too, in
 * whatever service; the threshold travels as `ot=th:…`, so that whoever counts knows how many each trace stands for.
 */
const digits = 14;
const range = 1n << 56n;
/** Digits that are kept behind the leading f's: the threshold is carried by every request. */
const precision = 4;

/** Below which a trace's bits drop it: 0 keeps all, 2^56 none. `share` is from 0 to 1. */
export function thresholdOf(share: number): bigint {
  const exact = BigInt(Math.round((1 - share) * 2 ** 56));
  if (exact >= range) return range;
  const text = exact.toString(16).padStart(digits, '0');
  const leading = /^f*/.exec(text)?.[0].length ?? 0;
  const dropped = BigInt(4 * Math.max(0, digits - leading - precision));
  return dropped === 0n ? exact : ((exact + (1n << (dropped - 1n))) >> dropped) << dropped;
}

/** Whether the trace with this id (32 hex digits) is kept. */
export const isKept = (traceId: string, threshold: bigint): boolean => BigInt(`0x${traceId.slice(-digits)}`) >= threshold;

/** What the trace state says; null where there is nothing to say, since all are kept or none is. */
export const thresholdText = (threshold: bigint): string | null => (threshold <= 0n || threshold >= range ? null : threshold.toString(16).padStart(digits, '0').replace(/0+$/, ''));
