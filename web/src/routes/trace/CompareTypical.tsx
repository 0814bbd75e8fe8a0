import { useQuery } from '@tanstack/react-query';
import { Link, useLocation } from 'wouter';
import { typicalQuery } from '../../api/queries';
import { typicalReason } from '../../model/typicalReason';
import { useToasts } from '../../ui/toasts';

/** The way to the comparison with a typical trace of the same operation. What is typical is looked for once somebody points at it or asks. */
export function CompareTypical({ traceId }: { readonly traceId: string }) {
  const [, navigate] = useLocation();
  const toasts = useToasts();
  const query = useQuery({ ...typicalQuery(traceId), enabled: false });
  const known = query.data?.trace ?? null;
  if (known !== null && query.data !== undefined)
    return (
      <Link className="btn" href={`/compare?a=${known.traceId}&b=${traceId}`} title={typicalReason(query.data)}>
        <span>
          Compare<span className="wide"> with a typical one</span>
        </span>
      </Link>
    );
  const none = query.data !== undefined;
  const look = async (follow: boolean): Promise<void> => {
    if (query.isFetching && !follow) return;
    const { data, error } = await query.refetch({ cancelRefetch: false });
    if (!follow) return;
    if (data?.trace != null) navigate(`/compare?a=${data.trace.traceId}&b=${traceId}`);
    else if (error !== null) toasts.fail(`No typical trace could be looked for. ${error.message}`);
    else toasts.fail('No other successful trace of this operation is stored. Pick one under Compare.');
  };
  return (
    <button type="button" className="btn" aria-busy={query.isFetching} aria-disabled={none} title={none ? 'No other successful trace of this operation is stored' : 'A successful trace of the same operation, near the median and near in time'} onPointerEnter={() => !none && !query.isError && void look(false)} onClick={() => void look(true)}>
      <span>
        Compare<span className="wide"> with a typical one</span>
      </span>
    </button>
  );
}
