import { Icon } from '../../ui/Icon';

interface Example {
  readonly name: string;
  readonly row?: string;
  readonly match?: boolean;
  readonly wait?: 'plain' | 'warn';
  readonly bar?: string;
  readonly error?: boolean;
  readonly note?: string;
  readonly closed?: boolean;
  readonly tail?: boolean;
}

const examples: readonly Example[] = [
  { name: 'at rest' },
  { name: 'selected', row: 'sel' },
  { name: 'filtered out', row: 'dim' },
  { name: 'found', match: true },
  { name: 'closed', closed: true },
  { name: 'failed', error: true, bar: 'er', note: 'out_of_memory' },
  { name: 'orphan', bar: 'orphan' },
  { name: 'children outlive it', tail: true },
  { name: 'wait', wait: 'plain', note: 'batch window 41.2 s' },
  { name: 'backoff', wait: 'warn', note: 'backoff 2.00 s' },
  { name: 'a name so long that there is no room for all of it beside its duration and bar' },
];

/** The states of a span's row, with the timeline's own style. */
export function SpanRows() {
  return (
    <ul className="gspans">
      {examples.map((example) => (
        <li key={example.name} className={`sp ${example.row ?? ''}`}>
          <span className="nm" title={example.name}>
            {example.wait === undefined ? <i className="sv gsv" /> : <i className={example.wait === 'warn' ? 'sv hatch warn' : 'sv hatch'} />}
            <span className={`trunc${example.wait === undefined ? '' : ' wt'}${example.match === true ? ' hit' : ''}`}>{example.name}</span>
            {example.error === true && <Icon name="error" className="ek" strokeWidth={1.8} />}
            {example.closed === true && <span className="more num">+3</span>}
          </span>
          <span className="du">264 ms</span>
          <span className="gr">
            {example.tail === true && <i className="tail gtail" />}
            {example.wait === undefined ? <i className={`bar gsv gplace ${example.bar ?? ''}`} /> : <i className={`wb hatch gplace ${example.wait === 'warn' ? 'warn' : ''}`} />}
            {example.note !== undefined && <span className={example.error === true ? 'nt error beside gnote' : 'nt wait beside gnote'}>{example.note}</span>}
          </span>
        </li>
      ))}
    </ul>
  );
}
