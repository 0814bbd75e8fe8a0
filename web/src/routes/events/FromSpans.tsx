import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useLocation } from 'wouter';
import { tracedEventsQuery, type EventsAsk } from '../../api/eventQueries';
import { statusQuery } from '../../api/queries';
import { pictureEnds } from '../../model/events';
import { formatMoment, plural } from '../../model/format';
import type { UnixNano } from '../../model/nano';
import { Failed } from '../../ui/Failed';
import { useDelayed } from '../../ui/useDelayed';
import { TracedList } from './EventList';
import { Empty, NothingStored, Skeleton } from './States';
import { Strip, type Mark } from './Strip';
import type { EventsState } from './url';

/** What spans say, where no events API is known. */
export function FromSpans({ state, change, ask, now }: { readonly state: EventsState; readonly change: (next: EventsState) => void; readonly ask: EventsAsk; readonly now: UnixNano }) {
  const [, navigate] = useLocation();
  const query = useQuery({ ...tracedEventsQuery(ask), placeholderData: keepPreviousData });
  const late = useDelayed(query.isPending, 120);
  const events = query.data?.events ?? [];
  const status = useQuery({ ...statusQuery, enabled: query.data?.events.length === 0 });
  const ends = pictureEnds(events.map((event) => event.start), ask.from, ask.to, now);
  const marks = events.map((event): Mark => ({ key: event.traceId, time: event.start, level: event.riskLevel, title: `${formatMoment(event.start, now)} · ${event.operation}`, selected: false, open: () => navigate(`/trace/${event.traceId}`) }));
  return (
    <section className="emain" aria-label="Events">
      <p className="notice f2">
        <span>
          From the spans alone: this server knows no events API (<span className="opt">--events-url</span>), so that pictures, scores and reasons are not shown here.
        </span>
      </p>
      {query.isPending ? (
        <Skeleton visible={late} />
      ) : query.isError && query.data === undefined ? (
        <Failed title="The events can’t be loaded" problem={query.error.message} retry={() => void query.refetch()} busy={query.isFetching} />
      ) : events.length === 0 && status.data?.storedSpans === 0n ? (
        <NothingStored />
      ) : events.length === 0 ? (
        <Empty state={state} change={change} what="traces with an event" />
      ) : (
        <>
          <Strip marks={marks} from={ends.from} to={ends.to} />
          <div className="etable">
            <TracedList events={events} now={now} />
            <p className="emore f2" role="status">
              {events.length < (query.data?.total ?? 0) ? `The newest of each level; ${plural(query.data?.total ?? 0, 'trace')} in all. A shorter time range shows the others.` : `${plural(events.length, 'trace')} with an event.`}
            </p>
          </div>
        </>
      )}
    </section>
  );
}
