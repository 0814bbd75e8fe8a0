import { useEffect, useState } from 'react';

/** True once `on` has held for a while: what shows after a moment only, so that quick answers do not flicker. */
export function useDelayed(on: boolean, millis: number): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    if (!on) {
      setLate(false);
      return;
    }
    const timer = setTimeout(() => setLate(true), millis);
    return () => clearTimeout(timer);
  }, [on, millis]);
  return on && late;
}
