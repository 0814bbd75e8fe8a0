import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { eventsAroundQuery } from '../../api/eventQueries';
import { configQuery } from '../../api/queries';
import { eventOf } from '../../model/events';
import { after } from '../../model/nano';
import type { Trace } from '../../model/trace';

/** The way to the security event that a trace is part of. Nothing where there is none, or no events API. */
export function EventLink({ trace }: { readonly trace: Trace }) {
  const config = useQuery(configQuery);
  const path = config.data?.eventsPath ?? null;
  const around = useQuery({ ...eventsAroundQuery(path ?? '', trace.start, after(trace.start, trace.total)), enabled: path !== null });
  const event = around.data === undefined ? undefined : eventOf(around.data.events, trace.traceId);
  if (event === undefined) return null;
  return (
    <Link className="tag evtag" href={`/events?range=all&event=${event.id}`} title={event.summary}>
      Event {event.id}: {event.riskLevel} risk
    </Link>
  );
}
