import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { eventsOfTraceQuery } from '../../api/eventQueries';
import { configQuery } from '../../api/queries';
import { eventOf } from '../../model/events';
import type { Trace } from '../../model/trace';

/** The way to the security event that a trace is part of. Nothing where there is none, or no events API. */
export function EventLink({ trace }: { readonly trace: Trace }) {
  const config = useQuery(configQuery);
  const path = config.data?.eventsPath ?? null;
  const found = useQuery({ ...eventsOfTraceQuery(path ?? '', trace.traceId), enabled: path !== null });
  const event = found.data === undefined ? undefined : eventOf(found.data.events, trace.traceId);
  if (event === undefined) return null;
  return (
    <Link className="tag evtag" href={`/events?range=all&event=${event.id}`} title={event.summary}>
      Event {event.id}: {event.riskLevel} risk
    </Link>
  );
}
