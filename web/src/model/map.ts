import type { Call, RedOperation } from './pipeline';

/** A service on the map. */
export interface MapNode {
  readonly service: string;
  /**
   * What `spans` and `errors` count: calls from other services where there are any, since a call may have several server spans within each other; else its server and consumer spans, which is also
   * so where those who call it most are not traced: one of its entries alone has more than twice as many spans as there are such calls; else all its spans.
   */
  readonly counts: 'calls' | 'requests' | 'spans';
  readonly spans: number;
  readonly errors: number;
  /** The entry with the most spans, the longest of several: its latency is the node's. Null for a service without spans in the range. */
  readonly entry: RedOperation | null;
}

export interface ServiceMap {
  readonly nodes: readonly MapNode[];
  readonly edges: readonly Call[];
}

const enters = (operation: RedOperation): boolean => operation.kind === 'server' || operation.kind === 'consumer';

export function serviceMap(operations: readonly RedOperation[], calls: readonly Call[]): ServiceMap {
  const names = new Set([...operations.map((operation) => operation.service), ...calls.flatMap((call) => [call.parent, call.child])]);
  const nodes = [...names].sort().map((service): MapNode => {
    const own = operations.filter((operation) => operation.service === service);
    const entries = own.some(enters) ? own.filter(enters) : own;
    const entry = entries.toSorted((a, b) => b.spans - a.spans || b.total - a.total)[0] ?? null;
    const into = calls.filter((call) => call.child === service && call.parent !== service);
    const called = into.length > 0 && 2 * into.reduce((sum, call) => sum + call.calls, 0) >= (entry !== null && enters(entry) ? entry.spans : 0);
    const counted = called ? into.map((call) => ({ spans: call.calls, errors: call.errors })) : entries;
    return {
      service,
      counts: called ? 'calls' : own.some(enters) ? 'requests' : 'spans',
      spans: counted.reduce((sum, { spans }) => sum + spans, 0),
      errors: counted.reduce((sum, { errors }) => sum + errors, 0),
      entry,
    };
  });
  return { nodes, edges: calls.toSorted((a, b) => b.calls - a.calls) };
}

export interface Placed {
  readonly service: string;
  readonly layer: number;
  /** Place within its layer, from 0. */
  readonly row: number;
}

/** By service: how far it is from where requests come in, along the longest way. Calls that close a cycle do not count. */
function layersOf(services: readonly string[], edges: readonly Call[]): ReadonlyMap<string, number> {
  const callees = new Map<string, string[]>(services.map((service) => [service, []]));
  const called = new Set<string>();
  for (const { parent, child } of edges) {
    if (parent === child) continue;
    callees.get(parent)?.push(child);
    called.add(child);
  }
  // Depth first, from the services that nobody calls: an edge to a service that is still open closes a cycle. Without recursion, since a chain may be as long as there are services.
  const state = new Map<string, 'open' | 'done'>();
  const order: string[] = [];
  const kept: (readonly [parent: string, child: string])[] = [];
  for (const root of [...services.filter((service) => !called.has(service)), ...services]) {
    if (state.has(root)) continue;
    const stack: { readonly service: string; next: number }[] = [{ service: root, next: 0 }];
    state.set(root, 'open');
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const child = callees.get(top.service)?.[top.next++];
      if (child === undefined) {
        state.set(top.service, 'done');
        order.push(top.service);
        stack.pop();
      } else if (state.get(child) !== 'open') {
        kept.push([top.service, child]);
        if (!state.has(child)) {
          state.set(child, 'open');
          stack.push({ service: child, next: 0 });
        }
      }
    }
  }
  const layer = new Map<string, number>(services.map((service) => [service, 0]));
  const next = new Map<string, string[]>();
  for (const [parent, child] of kept) next.set(parent, [...(next.get(parent) ?? []), child]);
  for (const parent of order.reverse()) for (const child of next.get(parent) ?? []) layer.set(child, Math.max(layer.get(child) ?? 0, (layer.get(parent) ?? 0) + 1));
  return layer;
}

/** How often the order within layers is improved: more changes nothing for maps that a person can read. */
const rounds = 4;

/** Every service in a layer behind all that call it, and within the layer near them: few crossings, the same picture for the same calls. */
export function layout({ nodes, edges }: ServiceMap): readonly Placed[] {
  const layer = layersOf(nodes.map((node) => node.service), edges);
  const layers: string[][] = [];
  for (const { service } of nodes) (layers[layer.get(service) ?? 0] ??= []).push(service);
  const place = new Map<string, number>();
  const number = (services: readonly string[]): void => {
    for (const [row, service] of services.entries()) place.set(service, row - (services.length - 1) / 2);
  };
  for (const services of layers) number(services ?? []);
  const [callers, callees] = [new Map<string, string[]>(), new Map<string, string[]>()];
  const add = (to: Map<string, string[]>, service: string, other: string): void => {
    const others = to.get(service);
    if (others === undefined) to.set(service, [other]);
    else others.push(other);
  };
  for (const { parent, child } of edges) {
    if (parent === child) continue;
    add(callers, child, parent);
    add(callees, parent, child);
  }
  for (let round = 0; round < rounds; round++) {
    const forward = round % 2 === 0;
    for (let i = 0; i < layers.length; i++) {
      const at = forward ? i : layers.length - 1 - i;
      const centre = new Map<string, number>();
      for (const service of layers[at] ?? []) {
        const near = ((forward ? callers : callees).get(service) ?? []).map((other) => place.get(other) ?? 0);
        centre.set(service, near.length === 0 ? (place.get(service) ?? 0) : near.reduce((sum, row) => sum + row, 0) / near.length);
      }
      layers[at]?.sort((a, b) => (centre.get(a) ?? 0) - (centre.get(b) ?? 0) || (a < b ? -1 : 1));
      number(layers[at] ?? []);
    }
  }
  return layers.flatMap((services, at) => (services ?? []).map((service, row) => ({ service, layer: at, row })));
}

export interface Box {
  readonly service: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Drawing {
  readonly boxes: readonly Box[];
  readonly width: number;
  readonly height: number;
  /** Whether calls go from left to right; else from top to bottom. */
  readonly across: boolean;
}

const boxHeight = 44;

/** Puts the services into a width: layers from left to right where there is room for them, else from top to bottom. What does not fit either way is wider, and scrolls. */
export function draw(placed: readonly Placed[], width: number, height: number): Drawing {
  const layers = Math.max(1, ...placed.map((one) => one.layer + 1));
  const rows = Math.max(1, ...placed.map((one) => one.row + 1));
  const boxWidth = Math.min(164, Math.max(140, width / 3.6));
  const across = layers * boxWidth + (layers - 1) * 150 + 24 <= width;
  if (across) {
    const tall = Math.max(height, rows * (boxHeight + 40) + 24);
    const gap = layers === 1 ? 0 : Math.min(240, (width - 24 - layers * boxWidth) / (layers - 1));
    const left = (width - layers * boxWidth - (layers - 1) * gap) / 2;
    return {
      across, width, height: tall,
      boxes: placed.map((one) => {
        const inLayer = placed.filter((other) => other.layer === one.layer).length;
        return { service: one.service, x: left + one.layer * (boxWidth + gap), y: ((one.row + 0.5) * tall) / inLayer - boxHeight / 2, width: boxWidth, height: boxHeight };
      }),
    };
  }
  const wide = Math.max(width, rows * (boxWidth + 16) + 8);
  const step = boxHeight + 76;
  return {
    across, width: wide, height: Math.max(layers * step - 76 + 32, 0),
    boxes: placed.map((one) => {
      const inLayer = placed.filter((other) => other.layer === one.layer).length;
      return { service: one.service, x: ((one.row + 0.5) * wide) / inLayer - boxWidth / 2, y: 16 + one.layer * step, width: boxWidth, height: boxHeight };
    }),
  };
}

export interface Curve {
  readonly path: string;
  /** Where its label stands. */
  readonly x: number;
  readonly y: number;
}

/** A call as a curve from box to box; one that goes back, or to the same layer, goes round the outside. `lane` keeps several from one box apart. */
export function curve(from: Box, to: Box, across: boolean, lane: number): Curve {
  const forward = across ? to.x > from.x : to.y > from.y;
  if (across) {
    const [y1, y2] = [from.y + from.height / 2 + lane * 9, to.y + to.height / 2];
    const [x1, x2] = forward ? [from.x + from.width, to.x - 3] : [from.x, to.x + to.width + 3];
    if (forward) {
      const bend = (x2 - x1) / 2;
      return { path: `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`, x: (x1 + x2) / 2, y: (y1 + y2) / 2 };
    }
    const below = Math.max(from.y + from.height, to.y + to.height) + 34;
    const [a, b] = [from.x + from.width / 2, to.x + to.width / 2];
    return { path: `M${a} ${from.y + from.height}C${a} ${below + 14} ${b} ${below + 14} ${b} ${to.y + to.height + 3}`, x: (a + b) / 2, y: below };
  }
  const [x1, x2] = [from.x + from.width / 2 + lane * 14, to.x + to.width / 2];
  const [y1, y2] = forward ? [from.y + from.height, to.y - 3] : [from.y, to.y + to.height + 3];
  const bend = (y2 - y1) / 2;
  return { path: `M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`, x: (x1 + x2) / 2, y: (y1 + y2) / 2 };
}
