import type { FastifyInstance } from 'fastify';
import { ProblemError } from './problems.ts';

/** The route that takes whatever no other does. It is no address of its own. */
export const fallbackPath = '/*';

/** Which methods each address takes: for telling "no such address" from "not with this method". */
export interface KnownPaths {
  /** The methods, sorted; none when nothing is at this path. */
  methodsAt(path: string): string[];
}

/** Watches the routes as they are added; only answers to unmatched requests look at it, so it need not be fast. */
export function watchPaths(app: FastifyInstance): KnownPaths {
  const patterns = new Map<string, { readonly matches: RegExp; readonly methods: Set<string> }>();
  app.addHook('onRoute', (route) => {
    if (route.url === fallbackPath) return;
    const known = patterns.get(route.url) ?? { matches: patternOf(route.url), methods: new Set<string>() };
    for (const method of [route.method].flat()) known.methods.add(method.toUpperCase());
    patterns.set(route.url, known);
  });
  return {
    methodsAt(path) {
      const found = [...patterns.values()].filter(({ matches }) => matches.test(path));
      return [...new Set(found.flatMap(({ methods }) => [...methods]))].sort();
    },
  };
}

/** 404, or 405 with `Allow` (RFC 9110, section 15.5.6). */
export function unmatchedProblem(paths: KnownPaths, method: string, url: string): ProblemError {
  const path = url.split('?', 1)[0] ?? url;
  const methods = paths.methodsAt(path);
  if (methods.length === 0 || methods.includes(method)) return new ProblemError('route_unknown');
  return new ProblemError('method_not_allowed', {
    detail: `This address takes ${methods.join(', ')}`,
    headers: { allow: methods.join(', ') },
  });
}

/** `/api/v1/devices/:id` as an expression; `*` stands for any rest. */
function patternOf(url: string): RegExp {
  const source = url
    .split('/')
    .map((part) => {
      if (part.startsWith(':')) return '[^/]+';
      return part === '*' ? '.*' : part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
    })
    .join('/');
  return new RegExp(`^${source}$`);
}
