import { useQuery } from '@tanstack/react-query';
import { configQuery } from '../../api/queries';

/** Shows when the backend's configuration could not be loaded; the rest of the page goes on without it. */
export function ConfigNotice() {
  const config = useQuery(configQuery);
  if (!config.isError) return null;
  return (
    <div className="notice box w" role="alert">
      <span className="grow">
        <b className="strong">Failed to load configuration</b> <span className="f2">{config.error.message.replace(/\.$/, '')}. Grafana opens at /grafana until the backend answers.</span>
      </span>
      <button type="button" className="btn" aria-busy={config.isFetching} onClick={() => void config.refetch()}>
        Retry
      </button>
    </div>
  );
}
