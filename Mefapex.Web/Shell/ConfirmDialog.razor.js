export const show = (dialog) => dialog.showModal();

export const close = (dialog) => dialog.close();
