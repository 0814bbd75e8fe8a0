import { Component, type ReactNode } from 'react';
import { Link } from 'wouter';

/** A script of the page that did not come: the server was stopped, or has another version by now. */
const isLoading = (error: Error): boolean => /dynamically imported module|importing a module script|module script failed|preload CSS/i.test(error.message);

interface BoundaryProps {
  readonly children: ReactNode;
  /** Where the page is: what went wrong there stays there. */
  readonly place: string;
}

/** Holds what goes wrong while a screen is drawn: the header stays, and says where the ways on are. */
export class ScreenBoundary extends Component<BoundaryProps, { readonly error: Error | null; readonly place: string }> {
  override state: { readonly error: Error | null; readonly place: string } = { error: null, place: this.props.place };

  static getDerivedStateFromError(error: unknown): { readonly error: Error } {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  static getDerivedStateFromProps({ place }: BoundaryProps, state: { readonly place: string }): { readonly error: null; readonly place: string } | null {
    return place === state.place ? null : { error: null, place };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === null) return this.props.children;
    const loading = isLoading(error);
    return (
      <main className="screen">
        <div className="state" role="alert">
          <h2 className="big">{loading ? 'This part of the page could not be loaded' : 'This screen can’t be shown'}</h2>
          <p className="sub">
            {loading
              ? 'The server may have been stopped, or it has been started in another version since the page was opened.'
              : `Something went wrong while it was drawn: ${error.message}. That is a mistake of the page, not of your data; the address still holds what you looked at.`}
          </p>
          <div className="acts">
            <button type="button" className="btn primary" onClick={() => location.reload()}>
              Reload the page
            </button>
            {!loading && (
              <button type="button" className="btn" onClick={() => this.setState({ error: null })}>
                Try again
              </button>
            )}
            <Link className="btn" href="/">
              Go to the traces
            </Link>
          </div>
        </div>
      </main>
    );
  }
}
