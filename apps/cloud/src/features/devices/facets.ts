import { type DeviceFacets, type FacetValue, facetValuesMax } from '@edgeflow/contract';
import { type RawBuilder, sql } from 'kysely';
import type { DatabaseKind } from '../../storage/database.ts';
import { type ScanSource, type Slice, slicesOf } from './scan.ts';

/** Different values of one kind that are counted at all: beyond them a menu is no help. */
const valuesCountedMax = 10_000;

const facets = ['statuses', 'groups', 'tags', 'boards', 'versions'] as const;
type Facet = (typeof facets)[number];

/** The values that devices of an organization can be narrowed down to, with how many have them. */
export async function readFacets(source: ScanSource, organizationId: string): Promise<DeviceFacets> {
  const counts = new Map<Facet, Map<string, number>>(facets.map((facet) => [facet, new Map()]));
  let isCut = false;
  for await (const slice of slicesOf(source, { organizationId, filter: {} })) {
    const { rows } = await valuesOf(source.database.kind, slice).execute(source.database.db);
    for (const { facet, n, value } of rows) {
      const known = counts.get(facet) ?? new Map<string, number>();
      if (known.size < valuesCountedMax || known.has(value)) known.set(value, (known.get(value) ?? 0) + n);
      else isCut = true;
    }
  }
  const shown = (facet: Facet): FacetValue[] => {
    const all = [...(counts.get(facet) ?? [])].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
    if (all.length > facetValuesMax) isCut = true;
    return all.slice(0, facetValuesMax).map(([value, count]) => ({ value, count }));
  };
  return {
    statuses: shown('statuses'),
    groups: shown('groups'),
    tags: shown('tags'),
    boards: shown('boards'),
    versions: shown('versions'),
    truncated: isCut,
  };
}

interface ValueRow {
  readonly facet: Facet;
  readonly value: string;
  readonly n: number;
}

function valuesOf(kind: DatabaseKind, slice: Slice): RawBuilder<ValueRow> {
  const tags =
    kind === 'sqlite'
      ? sql`json_each(matching.tags) as t`
      : sql`json_array_elements_text(matching.tags::json) as t`;
  const column = (facet: Facet, name: RawBuilder<unknown>): RawBuilder<unknown> =>
    sql`select ${sql.lit(facet)} as facet, ${name} as value, count(*) as n from matching
      where ${name} is not null group by ${name}`;
  return sql<ValueRow>`with matching as materialized (select tags, device_group, board_model, agent_version,
      case when lifecycle = 'active' then presence else lifecycle end as status from devices where ${slice})
    ${column('statuses', sql`status`)} union all ${column('groups', sql`device_group`)}
    union all ${column('boards', sql`board_model`)} union all ${column('versions', sql`agent_version`)}
    union all select 'tags' as facet, t.value as value, count(*) as n from matching, ${tags} group by t.value`;
}
