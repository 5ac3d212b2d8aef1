import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { Panel } from '../../onboarding/panel.tsx';
import { useOnboarding } from '../../onboarding/use-onboarding.ts';

/** The panel where there is no form beside it: what makes new codes leads there. */
export function LinkedPanel({ codeId }: { readonly codeId: string }): ReactNode {
  const navigate = useNavigate();
  const watched = useOnboarding(codeId);
  const toForm = async (): Promise<void> => {
    await navigate({ to: '/devices/add', search: { code: codeId } });
  };
  return (
    <Panel
      watched={watched}
      handlers={{
        onRemake: toForm,
        onAddAnother: () => void navigate({ to: '/devices/add', search: {} }),
      }}
    />
  );
}
