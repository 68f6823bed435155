// The kit ships no types; these are the parts that main.ts uses.
declare module "govuk-frontend" {
  type Component = new (root: Element, config?: object) => unknown;
  export const Button: Component;
  export const Checkboxes: Component;
  export const ErrorSummary: Component;
  export const NotificationBanner: Component;
  export const Radios: Component;
  export const SkipLink: Component;
  export const Tabs: Component;
  export function createAll(component: Component, config?: object, scope?: Element | Document): unknown[];
}
declare module "htmx.org";
