import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { configQuery } from './api/queries';
import { App } from './routes/shell/App';
import './ui/tokens.css';
import './ui/base.css';

// Data is as of the moment the user asked for it: nothing is fetched again by itself, and an error is shown rather than retried in silence.
const client = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity, gcTime: 120_000, retry: false, refetchOnWindowFocus: false, refetchOnReconnect: false } } });

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no element with the id root');
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
);

// The script that traces the page comes when the server asks for it. A configuration that can't be loaded is told by the page; that the page is not traced is nothing to its user.
client.fetchQuery(configQuery).then(
  async ({ pageTraces, version }) => {
    if (pageTraces !== null) (await import('./instrument/start')).start(pageTraces, version, () => client.isFetching() > 0);
  },
  () => undefined,
);
