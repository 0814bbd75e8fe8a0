// Writes pprof profiles (google/pprof, proto/profile.proto), as a sender would.
import { gzipSync } from 'node:zlib';

const varint = (value) => {
  const bytes = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
};
const number = (field, value) => Buffer.concat([varint(field << 3), varint(value)]);
const bytes = (field, value) => Buffer.concat([varint((field << 3) | 2), varint(value.length), value]);
const message = (field, ...parts) => bytes(field, Buffer.concat(parts));

/** `samples`: [{ stack: ['outermost', ..., 'innermost'], values: [one a type], trace, span, labels: { key: value } }]; a frame may be 'name|file'. */
export function pprof(types, samples) {
  const texts = new Map([['', 0]]);
  const text = (value) => texts.get(value) ?? (texts.set(value, texts.size), texts.size - 1);
  const locations = new Map();
  const tables = [];
  const location = (frame) => {
    const known = locations.get(frame);
    if (known !== undefined) return known;
    const id = locations.size + 1;
    locations.set(frame, id);
    const [name, file = ''] = frame.split('|');
    tables.push(message(5, number(1, id), number(2, text(name)), number(4, text(file))), message(4, number(1, id), message(4, number(1, id))));
    return id;
  };
  const parts = types.map(([type, unit]) => message(1, number(1, text(type)), number(2, text(unit))));
  for (const { stack, values, trace, span, labels = {} } of samples) {
    const label = (key, value) => (value === undefined ? [] : [message(3, number(1, text(key)), number(2, text(value)))]);
    parts.push(message(2, bytes(1, Buffer.concat(stack.toReversed().map((frame) => varint(location(frame))))), bytes(2, Buffer.concat(values.map(varint))), ...label('trace_id', trace), ...label('span_id', span), ...Object.entries(labels).flatMap(([key, value]) => label(key, value))));
  }
  return gzipSync(Buffer.concat([...parts, ...tables, ...[...texts.keys()].map((value) => bytes(6, Buffer.from(value)))]));
}

/** Sends a profile; it is stored, and to be found, when this returns. */
export async function sendProfile(server, service, from, until, profile) {
  const response = await fetch(`${server.otlpHttp}/api/v1/profiles?service=${service}&from=${BigInt(from) * 1_000_000n}&until=${BigInt(until) * 1_000_000n}`, { method: 'POST', body: profile });
  if (response.status !== 200) throw new Error(`the server did not take the profile: ${response.status} ${await response.text()}`);
}
