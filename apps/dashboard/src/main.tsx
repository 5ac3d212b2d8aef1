import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import './global.css';
import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { setNonce } from 'get-nonce';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { makeQueryClient } from './api/query-client.ts';
import { styleNonce } from './platform.ts';
import { makeRouter } from './router.tsx';
import { forgetOthers } from './session/organization.ts';
import { sessionQuery } from './session/use-session.ts';
import { leadToSignIn } from './shell/sign-in-address.ts';
import { cssVariables, theme } from './theme.ts';

// For what locks the scrolling beneath a dialog.
setNonce(styleNonce());

const queries = makeQueryClient({
  onSignedOut: () => leadToSignIn(router),
  // Their role is another by now, most likely; what it may not do is offered no more.
  onForbidden: () => void queries.invalidateQueries({ queryKey: sessionQuery.queryKey }),
});
forgetOthers(queries);
const router = makeRouter(queries);

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
createRoot(root).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      getStyleNonce={styleNonce}
      deduplicateInlineStyles
    >
      <QueryClientProvider client={queries}>
        <Notifications position="bottom-right" />
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
