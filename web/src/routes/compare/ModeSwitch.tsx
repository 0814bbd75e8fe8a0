import { Link } from 'wouter';

/** Two traces, or two sorts of traces. */
export function ModeSwitch({ mode }: { readonly mode: 'traces' | 'cohorts' }) {
  return (
    <nav className="seg cmode" aria-label="What is compared">
      <Link href="/compare" aria-current={mode === 'traces' ? 'page' : undefined} title="One trace against another">
        Two traces
      </Link>
      <Link href="/compare?cohorts=1" aria-current={mode === 'cohorts' ? 'page' : undefined} title="Some traces against all others, such as the slow against the normal">
        Cohorts
      </Link>
    </nav>
  );
}
