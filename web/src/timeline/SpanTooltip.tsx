import { labelTexts } from '../model/barLayout';
import { formatDuration, formatOffset } from '../model/format';
import { serviceColor } from '../model/serviceColor';
import { durationOf, isError, kindOf, nameOf, serviceOf, shiftOf, startOf, waitKindOf, type Trace } from '../model/trace';

export interface TooltipPlace {
  readonly row: number;
  readonly x: number;
  readonly y: number;
}

/** Beside the pointer, never over the bar: below it, and to the left where the window ends. */
export function SpanTooltip({ trace, place }: { readonly trace: Trace; readonly place: TooltipPlace }) {
  const { row } = place;
  const [label] = labelTexts(trace, row);
  const wait = waitKindOf(trace, row) !== null;
  const [right, above] = [place.x + 300 > innerWidth, place.y + 150 > innerHeight];
  return (
    <div className="tip" role="tooltip" style={{ ...(right ? { right: innerWidth - place.x + 12 } : { left: place.x + 12 }), ...(above ? { bottom: innerHeight - place.y + 14 } : { top: place.y + 16 }) }}>
      <div className="line">
        {wait ? <i className="sv hatch" /> : <i className="sv" style={{ backgroundColor: serviceColor(serviceOf(trace, row)) }} />}
        <b className="strong trunc">{nameOf(trace, row)}</b>
        {isError(trace, row) && <span className="errt">error</span>}
      </div>
      <div className="f2">
        {serviceOf(trace, row)} · {kindOf(trace, row)}
      </div>
      {label !== undefined && <div className={label.tone === 'error' ? 'errt' : 'f2'}>{label.text}</div>}
      <dl>
        <dt>{wait ? 'Wait' : 'Duration'}</dt>
        <dd>{formatDuration(durationOf(trace, row))}</dd>
        {!wait && (
          <>
            <dt>Self time</dt>
            <dd>{(trace.spans.omitted?.[row] ?? 0) > 0 ? '–' : formatDuration(trace.tree.self[row] ?? 0)}</dd>
          </>
        )}
        <dt>From trace start</dt>
        <dd>{formatOffset(startOf(trace, row))}</dd>
        {shiftOf(trace, row) !== 0 && (
          <>
            <dt>As it was sent</dt>
            <dd>{formatOffset(startOf(trace, row) - shiftOf(trace, row))}</dd>
          </>
        )}
      </dl>
    </div>
  );
}
