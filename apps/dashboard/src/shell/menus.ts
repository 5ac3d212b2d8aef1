/** For menus of the frame: within its landmark, and with nothing in them but their items. */
export const menuInLandmark = { withinPortal: false, withInitialFocusPlaceholder: false } as const;
