import { serviceColor } from '../model/serviceColor';

/** The square of a service's colour; the name always stands beside it. */
export function ServiceDot({ name, notched }: { readonly name: string; readonly notched: boolean }) {
  return <i className={notched ? 'dot notched' : 'dot'} style={{ backgroundColor: serviceColor(name) }} />;
}
