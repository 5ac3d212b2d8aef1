import { Group, Stack, Text, Title } from '@mantine/core';
import { createContext, type ReactNode, use, useEffect } from 'react';

/** Takes the title of each page that is opened. The frame says it to whoever does not see it change. */
export const PageTold = createContext<(title: string) => void>(() => undefined);

export interface PageProps {
  /** Also the title of the window. */
  readonly title: string;
  /** In place of the title where it is more than text; it has to read as the title does. */
  readonly heading?: ReactNode;
  readonly description?: ReactNode;
  /** Buttons of the page as a whole, right of its heading. */
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** The frame of every page: its one h1, what can be done, and the title of the window. */
export function Page({ title, heading, description, actions, children }: PageProps): ReactNode {
  const tell = use(PageTold);
  useEffect(() => {
    document.title = `${title} · EdgeFlow`;
    tell(title);
  }, [title, tell]);
  return (
    <Stack gap="lg">
      <Group justify="space-between" align="flex-start" gap="sm">
        <div>
          <Title order={1}>{heading ?? title}</Title>
          {description === undefined ? null : (
            <Text c="dimmed" mt={4} maw="65ch">
              {description}
            </Text>
          )}
        </div>
        {actions === undefined ? null : <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  );
}
