import { ROOT_CONTEXT, trace, type Attributes, type Context, type Span, type Tracer } from '@opentelemetry/api';
import { isAnswerTo, templateOf } from '../model/pageCalls';
import { instant } from './clock';

/** Nothing under way for so long, and what the user began is over: the next screen's script has come, and its calls have begun. */
const quietMillis = 500;
/** Where calls never cease it ends all the same, and says so. */
const mostMillis = 60_000;

/** Something that the user waits for: the first screen, another screen, the answer to a click. Calls that begin meanwhile are its children. */
export interface Visit {
  readonly span: Span;
  readonly context: Context;
}

interface OpenVisit extends Visit {
  pending: number;
  /** When the last of it ended, on the page's clock. */
  last: number;
  quiet: ReturnType<typeof setTimeout> | undefined;
  readonly longest: ReturnType<typeof setTimeout>;
}

/** What the user does, as spans. At most one is open. What nobody waits for, such as the calls of a list that follows new traces, belongs to none. */
export class Visits {
  readonly #tracer: Tracer;
  readonly #lost: () => number;
  readonly #busy: () => boolean;
  #open: OpenVisit | null = null;
  #input: { readonly type: string; readonly at: number } | null = null;

  /** `lost` is how many spans could not be sent, `busy` whether the page waits for data, be it by calls that are not known here. */
  constructor(tracer: Tracer, lost: () => number, busy: () => boolean) {
    this.#tracer = tracer;
    this.#lost = lost;
    this.#busy = busy;
  }

  /** The user did something that the page may act upon. */
  input(type: string, at: number): void {
    this.#input = { type, at };
  }

  /** The page goes to another screen; that begins with the click or key that led there. */
  navigate(from: string, to: string, kind: string, now: number): void {
    const start = this.#input !== null && now - this.#input.at < 100 ? this.#input.at : now;
    const visit = this.begin(`navigate ${templateOf(to)}`, { 'url.path': to, 'navigation.from': templateOf(from), 'navigation.kind': kind }, start);
    // A screen that needs nothing of the server is there once it is painted.
    requestAnimationFrame(() => requestAnimationFrame((at) => this.passed(visit, Math.max(at, start))));
  }

  begin(name: string, attributes: Attributes, start: number, parent: Context = ROOT_CONTEXT): Visit {
    this.end('another');
    const span = this.#tracer.startSpan(name, { startTime: instant(start), attributes }, parent);
    const visit: OpenVisit = { span, context: trace.setSpan(parent, span), pending: 0, last: start, quiet: undefined, longest: setTimeout(() => this.end('too long'), mostMillis) };
    this.#open = visit;
    this.#settle(visit);
    return visit;
  }

  /** What a call that begins now is part of; null when nobody waits for it. */
  forCall(now: number): Visit | null {
    if (this.#open !== null) return this.#open;
    const input = this.#input;
    if (input === null || !isAnswerTo(input, now)) return null;
    return this.begin(`${input.type} ${templateOf(location.pathname)}`, { 'url.path': location.pathname }, input.at);
  }

  /** Of the visit that is open, for what happens in it. */
  get context(): Context {
    return this.#open?.context ?? ROOT_CONTEXT;
  }

  get isOpen(): boolean {
    return this.#open !== null;
  }

  callBegan(visit: Visit): void {
    if (visit === this.#open) this.#open.pending++;
  }

  callEnded(visit: Visit, at: number): void {
    if (visit !== this.#open) return;
    this.#open.pending--;
    this.passed(visit, at);
  }

  /** Something of a visit was over at a moment. */
  passed(visit: Visit, at: number): void {
    if (visit !== this.#open) return;
    this.#open.last = Math.max(this.#open.last, at);
    this.#settle(this.#open);
  }

  /** Ends what is open; `why` when that is not because everything of it is over. */
  end(why: string | null): void {
    const visit = this.#open;
    if (visit === null) return;
    this.#open = null;
    clearTimeout(visit.quiet);
    clearTimeout(visit.longest);
    const interrupted = why !== null && (visit.pending > 0 || this.#busy());
    if (interrupted) visit.span.setAttribute('page.interrupted', why);
    if (this.#lost() > 0) visit.span.setAttribute('page.spans_lost', this.#lost());
    visit.span.end(instant(interrupted ? performance.now() : visit.last));
  }

  #settle(visit: OpenVisit): void {
    clearTimeout(visit.quiet);
    if (visit.pending > 0) return;
    visit.quiet = setTimeout(() => {
      if (visit.pending > 0 || visit !== this.#open) return;
      if (this.#busy()) this.#settle(visit);
      else this.end(null);
    }, quietMillis);
  }
}
