import { useMemo } from 'react';
import { Link } from 'wouter';
import { formatCount, formatDuration, none } from '../../model/format';
import { curve, draw, layout, type MapNode, type ServiceMap } from '../../model/map';
import { errorRate, type Call } from '../../model/pipeline';
import { formatShare } from '../../model/pipelineStory';
import { serviceColor } from '../../model/serviceColor';
import type { TimeRange } from '../../model/timeRange';
import { useSize } from '../../ui/useSize';
import { ServiceDot } from '../../ui/Service';
import { tracesAddress } from './url';

interface MapProps {
  readonly map: ServiceMap;
  readonly minutes: number;
  readonly range: TimeRange;
  readonly notched: ReadonlySet<string>;
}

const perMinute = (spans: number, minutes: number): string => (minutes <= 0 ? `${formatCount(spans)}` : `${(spans / minutes).toFixed(spans / minutes < 10 ? 2 : 1)}/min`);
const callAddress = (range: TimeRange, call: Call): string => tracesAddress(range, { service: call.child, kind: 'server', ...(call.errors > 0 ? { failed: true } : {}) });
const failing = (counts: { readonly spans: number; readonly errors: number }): boolean => errorRate(counts) >= 0.01;
const ofCall = (call: Call) => ({ spans: call.calls, errors: call.errors });

const nodeFigures = (node: MapNode, minutes: number): string => (node.entry === null ? 'no spans' : `${perMinute(node.spans, minutes)} · p95 ${formatDuration(node.entry.p95)}`);
const callFigures = (call: Call, minutes: number): readonly [rate: string, errors: string] => [
  `${perMinute(call.calls, minutes)} · ${formatDuration(call.p95)}`,
  call.errors === 0 ? '' : `${formatShare(errorRate(ofCall(call)))} errors`,
];
// What stands in the picture is part of each name, word for word, so that who speaks to the page can say what they see.
const nodeLabel = (node: MapNode, minutes: number): string =>
  `${node.service} ${nodeFigures(node, minutes)}${node.entry === null ? '' : ` of ${node.entry.name}`}, ${node.errors === 0 ? 'no errors' : `${formatShare(errorRate(node))} errors`}. Show its traces`;
const callLabel = (call: Call, minutes: number): string => `${call.parent} calls ${call.child}: ${callFigures(call, minutes).join(' ')}${call.errors === 0 ? 'without errors' : ''}. Show the traces`;

const counted = { calls: 'calls from other services', requests: 'its server and consumer spans', spans: 'all its spans' } as const;
/** What the figures of a service count, in words. */
const nodeTitle = (node: MapNode): string => `Rate and errors count ${counted[node.counts]}.${node.entry === null ? '' : ` The p95 is of ${node.entry.name}.`}`;

/** The services and who calls whom, as a picture. Every box and every call is a link to its traces. */
export function MapPicture({ map, minutes, range, notched }: MapProps) {
  const [attach, { width, height }] = useSize();
  const placed = useMemo(() => layout(map), [map]);
  const drawing = useMemo(() => draw(placed, Math.max(260, width), Math.max(220, height - 8)), [placed, width, height]);
  const boxOf = new Map(drawing.boxes.map((box) => [box.service, box]));
  const most = Math.max(1, ...map.edges.map((edge) => edge.calls));
  return (
    <div className="map" ref={attach}>
      {width > 0 && (
        <svg width={drawing.width} height={drawing.height} role="group" aria-label="Service map">
          <defs>
            {['plain', 'failed'].map((kind) => (
              <marker key={kind} id={`arrow-${kind}`} className={`arrow ${kind}`} viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto">
                <path d="M0 0 8 4 0 8z" />
              </marker>
            ))}
          </defs>
          {map.edges.map((call) => {
            const [from, to] = [boxOf.get(call.parent), boxOf.get(call.child)];
            if (from === undefined || to === undefined) return null;
            const siblings = map.edges.filter((other) => other.parent === call.parent).map((other) => boxOf.get(other.child)).toSorted((one, other) => (drawing.across ? (one?.y ?? 0) - (other?.y ?? 0) : (one?.x ?? 0) - (other?.x ?? 0)));
            const line = curve(from, to, drawing.across, siblings.indexOf(to) - (siblings.length - 1) / 2);
            const bad = failing(ofCall(call));
            const [first, second] = callFigures(call, minutes);
            return (
              <Link key={`${call.parent} ${call.child}`} href={callAddress(range, call)} aria-label={callLabel(call, minutes)} className={bad ? 'call bad' : 'call'}>
                <path className="hit" d={line.path} />
                <path className="way" d={line.path} strokeWidth={1.2 + 2 * Math.sqrt(call.calls / most)} markerEnd={`url(#arrow-${bad ? 'failed' : 'plain'})`} />
                <text x={line.x} y={line.y - (second === '' ? -4 : 4)} textAnchor="middle">
                  {`${first} `}
                </text>
                {second !== '' && (
                  <text className="bad" x={line.x} y={line.y + 10} textAnchor="middle">
                    {second}
                  </text>
                )}
              </Link>
            );
          })}
          {map.nodes.map((node) => {
            const box = boxOf.get(node.service);
            if (box === undefined) return null;
            const bad = failing(node);
            return (
              <Link key={node.service} href={tracesAddress(range, { service: node.service })} aria-label={nodeLabel(node, minutes)} className={bad ? 'node bad' : 'node'}>
                <title>{nodeTitle(node)}</title>
                <rect className="frame" x={box.x} y={box.y} width={box.width} height={box.height} rx={5} />
                <rect x={box.x} y={box.y} width={4} height={box.height} rx={2} style={{ fill: serviceColor(node.service) }} />
                {notched.has(node.service) && <rect className="notch" x={box.x} y={box.y + box.height / 2 - 1} width={4} height={2} />}
                <svg x={box.x + 10} y={box.y} width={box.width - 14} height={box.height}>
                  <text className="name" x={2} y={19}>
                    {`${node.service} `}
                  </text>
                  <text x={2} y={35}>
                    {nodeFigures(node, minutes)}
                  </text>
                </svg>
              </Link>
            );
          })}
        </svg>
      )}
    </div>
  );
}

/** The same as two tables: for those who rather read, and for maps too large to draw. */
export function MapTable({ map, minutes, range, notched }: MapProps) {
  return (
    <div className="mtabs">
      <table className="mtab">
        <caption>Services</caption>
        <thead>
          <tr>
            <th scope="col">Service</th>
            <th scope="col" className="right">Rate</th>
            <th scope="col" className="right">Errors</th>
            <th scope="col" className="right">p95</th>
          </tr>
        </thead>
        <tbody>
          {map.nodes.map((node) => (
            <tr key={node.service} title={nodeTitle(node)}>
              <th scope="row">
                <span className="line">
                  <ServiceDot name={node.service} notched={notched.has(node.service)} />
                  <Link className="trunc" href={tracesAddress(range, { service: node.service })}>
                    {node.service}
                  </Link>
                </span>
              </th>
              <td className="right num">{perMinute(node.spans, minutes)}</td>
              <td className={failing(node) ? 'right num errt' : 'right num'}>{node.errors === 0 ? none : formatShare(errorRate(node))}</td>
              <td className="right num">{node.entry === null ? none : formatDuration(node.entry.p95)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <table className="mtab">
        <caption>Calls</caption>
        <thead>
          <tr>
            <th scope="col">From, to</th>
            <th scope="col" className="right">Rate</th>
            <th scope="col" className="right">Errors</th>
            <th scope="col" className="right">p50</th>
            <th scope="col" className="right">p95</th>
          </tr>
        </thead>
        <tbody>
          {map.edges.map((call) => (
            <tr key={`${call.parent} ${call.child}`}>
              <th scope="row">
                <Link href={callAddress(range, call)}>
                  {call.parent} → {call.child}
                </Link>
              </th>
              <td className="right num">{perMinute(call.calls, minutes)}</td>
              <td className={failing(ofCall(call)) ? 'right num errt' : 'right num'}>{call.errors === 0 ? none : formatShare(errorRate(ofCall(call)))}</td>
              <td className="right num">{formatDuration(call.p50)}</td>
              <td className="right num">{formatDuration(call.p95)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
