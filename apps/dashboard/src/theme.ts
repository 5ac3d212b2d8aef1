import { Alert, createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core';

/** Petrol: ours, and no status. Green, amber and red are kept for what devices are. */
const petrol: MantineColorsTuple = [
  '#eaf6f8',
  '#d5eaee',
  '#a9d4dc',
  '#79bdc9',
  '#52a9b8',
  '#2f8fa1',
  '#157a8d',
  '#0b6475',
  '#094f5d',
  '#063b46',
];

/** Cool greys; in the dark scheme the surfaces are slate and not black. */
const dark: MantineColorsTuple = [
  '#e4eaec',
  '#c3cdd1',
  '#a3b0b5',
  '#7d8c92',
  '#4a585e',
  '#35424a',
  '#253036',
  '#192227',
  '#131b1f',
  '#0d1316',
];

const systemFonts =
  'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", Ubuntu, Cantarell, sans-serif';
const monospaceFonts =
  'ui-monospace, "SF Mono", "Cascadia Mono", "JetBrains Mono", Menlo, Consolas, monospace';

/** Alerts in the tones of states: Mantine's own light yellow does not reach 4.5:1. */
const alertTones: Readonly<Record<string, { readonly root: Record<string, string> }>> = Object.fromEntries(
  Object.entries({ green: 'good', yellow: 'warn', red: 'bad' }).map(([color, tone]) => [
    color,
    {
      root: { '--alert-color': `var(--edgeflow-${tone})`, '--alert-bg': `var(--edgeflow-${tone}-soft)` },
    },
  ]),
);
const noTone = { root: {} };

export const theme = createTheme({
  primaryColor: 'petrol',
  primaryShade: { light: 7, dark: 6 },
  colors: { petrol, dark },
  fontFamily: systemFonts,
  fontFamilyMonospace: monospaceFonts,
  headings: {
    fontFamily: systemFonts,
    fontWeight: '620',
    sizes: {
      h1: { fontSize: '1.5rem', lineHeight: '1.25' },
      h2: { fontSize: '1.125rem', lineHeight: '1.35' },
      h3: { fontSize: '1rem', lineHeight: '1.4' },
    },
  },
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.125rem' },
  defaultRadius: 'sm',
  cursorType: 'pointer',
  focusRing: 'auto',
  respectReducedMotion: true,
  components: {
    Alert: Alert.extend({ vars: (_, { color = '' }) => alertTones[color] ?? noTone }),
    // A dialog's header is no banner of the page.
    Modal: { defaultProps: { attributes: { header: { role: 'none' } } } },
    Anchor: { defaultProps: { underline: 'not-hover' } },
    Button: { defaultProps: { size: 'sm' } },
    Tooltip: { defaultProps: { withArrow: true, events: { hover: true, focus: true, touch: true } } },
    // Asterisks are no labels: what may be left out says so.
    InputWrapper: { defaultProps: { withAsterisk: false } },
  },
});

/** Greys and states that reach 4.5:1 on our surfaces, in both schemes (WCAG 2.2, 1.4.3). */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#fbfcfc',
    '--mantine-color-text': '#16242a',
    '--mantine-color-dimmed': '#53646b',
    '--mantine-color-placeholder': '#6a7a81',
    '--mantine-color-anchor': '#0b6475',
    '--mantine-color-error': '#b3261e',
    '--edgeflow-surface': '#ffffff',
    '--edgeflow-line': '#dbe3e6',
    '--edgeflow-raised': '#f1f5f6',
    '--edgeflow-good': '#0e7a43',
    '--edgeflow-good-soft': '#e3f5ea',
    '--edgeflow-warn': '#8a5a00',
    '--edgeflow-warn-soft': '#fcf1d8',
    '--edgeflow-bad': '#b3261e',
    '--edgeflow-bad-soft': '#fdeceb',
    '--edgeflow-calm': '#0b6475',
    '--edgeflow-calm-soft': '#e5f2f5',
  },
  dark: {
    '--mantine-color-body': '#131b1f',
    '--mantine-color-text': '#e4eaec',
    '--mantine-color-dimmed': '#a3b0b5',
    '--mantine-color-placeholder': '#8b9aa0',
    '--mantine-color-anchor': '#79bdc9',
    '--mantine-color-error': '#ff9b93',
    '--edgeflow-surface': '#192227',
    '--edgeflow-line': '#35424a',
    '--edgeflow-raised': '#1f292f',
    '--edgeflow-good': '#5fd79a',
    '--edgeflow-good-soft': '#15352a',
    '--edgeflow-warn': '#f0c36a',
    '--edgeflow-warn-soft': '#3a2f17',
    '--edgeflow-bad': '#ff9b93',
    '--edgeflow-bad-soft': '#43211f',
    '--edgeflow-calm': '#79bdc9',
    '--edgeflow-calm-soft': '#173139',
  },
});
