import { useQuery } from '@tanstack/react-query';
import { Link, useLocation } from 'wouter';
import { healthQuery } from '../../api/queries';
import { healthNotices } from '../../model/health';
import { Icon } from '../../ui/Icon';

/** Across every screen, while the server is read-only or otherwise kept from its work: what is so, and what to do. */
export function HealthNotices() {
  const { data } = useQuery(healthQuery);
  const [pathname] = useLocation();
  if (data === undefined) return null;
  return (
    <>
      {healthNotices(data).map(({ key, level, strong, rest }) => (
        <div key={key} className={level === 'bad' ? 'notice box health' : 'notice box w health'} role={level === 'bad' ? 'alert' : 'status'}>
          <Icon name={level === 'bad' ? 'error' : 'warning'} className={level === 'bad' ? 'errt' : 'warnt'} />
          <span className="grow">
            <b className="strong">{strong}</b> <span className="f2">{rest}</span>
          </span>
          {pathname !== '/settings' && (
            <Link className="btn" href="/settings">
              Settings
            </Link>
          )}
        </div>
      ))}
    </>
  );
}
