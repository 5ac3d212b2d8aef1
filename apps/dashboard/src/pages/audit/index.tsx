import { createRoute } from '@tanstack/react-router';
import { pageComponent } from '../../shell/page-component.ts';
import { signedInRoute } from '../../shell/root.tsx';
import { readAuditSearch } from './search.ts';

export const auditRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/audit-log',
  validateSearch: readAuditSearch,
  component: pageComponent(() => import('./audit-page.tsx'), 'AuditPage'),
});
