import { useEffect, useState, type ReactNode } from 'react';
import { formatDuration } from '../../model/format';
import { notchedServices, serviceColorIndex } from '../../model/serviceColor';
import { CheckLine } from '../../ui/Checks';
import { FacetList } from '../../ui/FacetList';
import { Icon, type IconName } from '../../ui/Icon';
import { ServiceDot } from '../../ui/Service';
import { Splitter, useKeptWidth } from '../../ui/Splitter';
import { Suggestions } from '../../ui/Suggestions';
import { useToasts } from '../../ui/toasts';
import { VerdictMenu } from '../../ui/VerdictMenu';
import { unixNano } from '../../model/nano';
import type { TimeRange } from '../../model/timeRange';
import type { Verdict } from '../../model/verdict';
import { TimeMenu } from '../shell/TimeMenu';
import { SpanRows } from './SpanRows';
import '../../timeline/timeline.css';
import './gallery.css';

const icons: readonly IconName[] = ['activity', 'external', 'refresh', 'search', 'down', 'up', 'right', 'left', 'close', 'error', 'warning', 'check', 'clock', 'link', 'copy', 'keys', 'sun', 'moon', 'download', 'arrow', 'filter', 'fold'];
const durations: readonly number[] = [0, 1, 999, 1_000, 999_499, 8_610_000, 902_000_000, 999_600_000, 1_000_000_000, 88_300_000_000, 119_900_000_000, 121_000_000_000, 3_700_000_000_000, 90_000_000_000_000];
const tokens = ['bg', 'panel', 'panel-2', 'panel-3', 'overlay', 'line', 'line-strong', 'fg', 'fg-2', 'fg-3', 'accent', 'err', 'warn', 'slower', 'faster', 'crit'] as const;

/** One name for each of the sixteen colours, found by trying numbered ones. */
function oneOfEach(): readonly string[] {
  const found = new Map<number, string>();
  for (let number = 0; found.size < 16; number++) {
    const name = `service-${number}`;
    if (!found.has(serviceColorIndex(name))) found.set(serviceColorIndex(name), name);
  }
  return [...found].sort(([a], [b]) => a - b).map(([, name]) => name);
}
const services = oneOfEach();
/** Two names with one colour: the later has the notch. */
const colliding = ['service-0', Array.from({ length: 200 }, (_, number) => `service-${number + 1}`).find((name) => serviceColorIndex(name) === serviceColorIndex('service-0')) ?? ''];

function Part({ title, note, children }: { readonly title: string; readonly note?: string; readonly children: ReactNode }) {
  return (
    <section className="gpart" aria-label={title}>
      <h3>
        {title} {note !== undefined && <span className="f3">{note}</span>}
      </h3>
      <div className="gbody">{children}</div>
    </section>
  );
}

function Buttons() {
  return (
    <Part title="Buttons" note="hover: point at one; pressed: hold it; focus: go there by Tab">
      <button type="button" className="btn">
        Rest
      </button>
      <button type="button" className="btn primary">
        Primary
      </button>
      <button type="button" className="btn ghost">
        Ghost
      </button>
      <button type="button" className="btn ghost sq" aria-label="Only an icon">
        <Icon name="link" />
      </button>
      <button type="button" className="btn">
        <Icon name="refresh" />
        With icon
      </button>
      <button type="button" className="btn" aria-pressed="true">
        Chosen
      </button>
      <button type="button" className="btn" disabled>
        Disabled
      </button>
      <button type="button" className="btn" aria-disabled="true" title="The reason stands here">
        Disabled, with a reason
      </button>
      <button type="button" className="btn" aria-busy="true">
        Busy
      </button>
      <button type="button" className="linkish">
        Like a link
      </button>
      <span className="seg" role="group" aria-label="Segments">
        <button type="button" aria-pressed="true">
          One
        </button>
        <button type="button" aria-pressed="false">
          Two
        </button>
        <button type="button" disabled>
          Three
        </button>
      </span>
    </Part>
  );
}

function Fields() {
  return (
    <Part title="Fields">
      <span className="input gfield">
        <Icon name="search" />
        <input type="search" aria-label="An empty field" placeholder="Find spans" />
        <kbd>/</kbd>
      </span>
      <span className="input gfield">
        <input aria-label="A filled field" defaultValue="camera.name=front_door" />
      </span>
      <span className="input bad gfield">
        <input aria-label="A wrong field" aria-invalid="true" defaultValue="duration>5mss" />
      </span>
      <span>
        <kbd>g</kbd> <kbd>t</kbd> keys
      </span>
    </Part>
  );
}

function Chips() {
  return (
    <Part title="Chips, tags and verdicts">
      <span className="chip">
        <ServiceDot name="service-0" notched={false} />
        backend<b>14</b>
      </span>
      <span className="tag">Complete</span>
      <span className="tag warn">
        <Icon name="warning" />
        Partial
      </span>
      <span className="tag err">
        <Icon name="error" strokeWidth={1.6} />2 errors
      </span>
      <button type="button" className="tag warn">
        <Icon name="warning" />
        Partial, to be opened
      </button>
    </Part>
  );
}

function Colours() {
  const notched = notchedServices(colliding);
  return (
    <>
      <Part title="Service colours" note="by name, the same on every page; two that collide: the later has a notch">
        {services.map((service) => (
          <span key={service} className="gswatch">
            <span className="galbar" style={{ backgroundColor: `var(--svc-${serviceColorIndex(service)})`, color: `var(--svc-${serviceColorIndex(service)}-text)` }}>
              {serviceColorIndex(service)}
            </span>
            <ServiceDot name={service} notched={false} /> {service}
          </span>
        ))}
        {colliding.map((service) => (
          <span key={`collides ${service}`} className="gswatch">
            <span className={notched.has(service) ? 'galbar notched' : 'galbar'} style={{ backgroundColor: `var(--svc-${serviceColorIndex(service)})` }} />
            <ServiceDot name={service} notched={notched.has(service)} /> {service}
          </span>
        ))}
      </Part>
      <Part title="Tokens">
        {tokens.map((token) => (
          <span key={token} className="gswatch">
            <span className="galbar framed" style={{ backgroundColor: `var(--${token})` }} /> {token}
          </span>
        ))}
      </Part>
    </>
  );
}

function States() {
  const toasts = useToasts();
  return (
    <>
      <Part title="Checks">
        <ul className="gwide">
          <CheckLine level="good" title="The store has traces" detail="616 traces with 9,012 spans." />
          <CheckLine level="unsure" title="It may not have been sent" detail="Check that the service samples this trace." />
          <CheckLine
            level="bad"
            title="12 refused: malformed"
            detail="resource_spans[0] has a field of the wrong type."
            action={
              <button type="button" className="btn">
                Show
              </button>
            }
          />
        </ul>
      </Part>
      <Part title="Messages" note="six seconds, failures until they are closed">
        <button type="button" className="btn" onClick={() => toasts.say('Link copied.')}>
          Say something
        </button>
        <button type="button" className="btn" onClick={() => toasts.fail('The browser did not allow copying.')}>
          Say that something failed
        </button>
      </Part>
      <Part title="Boxes">
        <div className="box gwide">
          <b className="strong">The server can’t be reached</b>
          <div className="f2">It may have been stopped, or the connection was lost.</div>
        </div>
        <div className="box w gwide">
          <b className="strong">Only a part of the trace was read</b>
          <div className="f2">It takes more memory than one trace may.</div>
        </div>
      </Part>
      <Part title="Empty">
        <div className="state">
          <h4 className="big">Nothing matches</h4>
          <p className="sub">No trace of the last 15 minutes has these conditions.</p>
          <div className="acts">
            <button type="button" className="btn primary">
              Search all time
            </button>
            <button type="button" className="btn">
              Clear filter
            </button>
          </div>
        </div>
      </Part>
      <Part title="Loading" note="skeletons have the final geometry">
        <div className="gwide gload">
          <div className="progress" />
          <i className="skeleton" />
          <i className="skeleton" />
          <i className="skeleton" />
        </div>
      </Part>
    </>
  );
}

const values = ['front_door', 'front_yard', 'front_gate_left', 'back_door', 'garage', 'a-name-that-is-much-longer-than-the-column-of-facets-is-wide'];
const counted = (count: number) => ({ key: 'camera.name', values: values.slice(0, count).map((value, index) => ({ value, traces: 612 >> (2 * index) })), distinct: { value: count, exact: true } });

function Facets() {
  const [chosen, setChosen] = useState<readonly string[]>(['front_yard']);
  const toggle = (value: string): void => setChosen(chosen.includes(value) ? chosen.filter((other) => other !== value) : [...chosen, value]);
  const kinds: readonly (readonly [title: string, parts: Omit<Parameters<typeof FacetList>[0], 'title' | 'toggle'>])[] = [
    ['rest, one chosen', { facet: counted(4), chosen, idle: false }],
    ['more than fit', { facet: counted(6), chosen: [], idle: false, remove: () => undefined }],
    ['at least so many', { facet: { ...counted(3), distinct: { value: 20_000, exact: false } }, chosen: ['gone meanwhile'], idle: false }],
    ['loading', { facet: undefined, chosen: [], idle: false }],
    ['none', { facet: counted(0), chosen: [], idle: false }],
    ['query unreadable', { facet: undefined, chosen: [], idle: true }],
  ];
  return (
    <Part title="Facets" note="counts are of all matches">
      {kinds.map(([title, parts]) => (
        <div key={title} className="gfacet">
          <FacetList title={title} toggle={toggle} {...parts} />
        </div>
      ))}
    </Part>
  );
}

const verdicts: readonly Verdict[] = [
  { kind: 'complete', sentence: '50 spans, and nothing that they refer to is missing.', checks: [{ level: 'good', title: 'Every parent arrived', detail: 'All 50 spans hang together.', action: null }] },
  { kind: 'arriving', sentence: '41 spans so far; the trace may still be running.', checks: [{ level: 'unsure', title: 'More may still be arriving', detail: 'Senders keep spans back for some seconds.', action: { kind: 'refresh' } }] },
  { kind: 'partial', sentence: '41 spans, and at least one that did not arrive.', checks: [{ level: 'bad', title: '9 spans name a parent that did not arrive', detail: 'Check that the calling service exports here.', action: { kind: 'row', row: 0 } }] },
];

function Menus() {
  const [range, setRange] = useState<TimeRange>({ kind: 'last', preset: '1h' });
  return (
    <>
      <Part title="Menus" note="press one; Escape closes it">
        {verdicts.map((verdict) => (
          <VerdictMenu key={verdict.kind} verdict={verdict} act={() => undefined} />
        ))}
        <TimeMenu range={range} now={unixNano(1_795_219_200_000_000_000n)} change={setRange} />
      </Part>
      <Part title="Completion" note="the hit in green, the one that Tab takes marked">
        <div className="gmenu">
          <Suggestions list={values.slice(0, 4).map((value, index) => ({ label: value, insert: value, goesOn: false, note: `${612 >> (2 * index)} traces` }))} active={1} typed="front" left="0" choose={() => undefined} />
        </div>
      </Part>
    </>
  );
}

function Edge() {
  const [width, change] = useKeptWidth('gallery', 180, 120, 320);
  return (
    <Part title="Splitter" note="drag it, or the arrow keys">
      <div className="gsplit" style={{ width }}>
        {width} px
        <Splitter label="Width of the example" width={width} change={change} grows="right" least={120} most={320} />
      </div>
    </Part>
  );
}

/** Every small part in its states, to be looked at in both themes: `/gallery`. It is in no menu. */
export function GalleryScreen() {
  useEffect(() => {
    document.title = 'Gallery · Distributed Tracing';
  }, []);
  return (
    <main className="screen">
      <div className="gallery" tabIndex={0} role="group" aria-label="Gallery">
        <h2 className="gtitle">Gallery</h2>
        <p className="f2">The small parts of the page in their states. The examples are made up.</p>
        <Buttons />
        <Fields />
        <Chips />
        <Menus />
        <Facets />
        <Colours />
        <Part title="Waits" note="hatch is waiting and nothing else">
          <span className="gwait hatch" /> wait
          <span className="gwait hatch warn" /> backoff after a failure
        </Part>
        <Part title="Span rows">
          <SpanRows />
        </Part>
        <Part title="Durations" note="three figures, the unit always">
          <ul className="gdurations num">
            {durations.map((nanos) => (
              <li key={nanos}>{formatDuration(nanos)}</li>
            ))}
          </ul>
        </Part>
        <Part title="Icons">
          {icons.map((name) => (
            <span key={name} className="gswatch">
              <Icon name={name} /> {name}
            </span>
          ))}
        </Part>
        <States />
        <Edge />
      </div>
    </main>
  );
}
