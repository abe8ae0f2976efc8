// Orders of the signed-in user.
import { call } from './calls';
import { find, make, onPress, onSubmit } from './page';

interface Order {
  readonly id: string;
  readonly product: string;
  readonly quantity: number;
}

/** Lets the form place orders. */
export const startOrders = (): void => {
  onSubmit('form-order', async ({ product, quantity }) => {
    const order = await call<Order>('orders', '/orders', { method: 'POST', body: { product, quantity: Number(quantity) } });
    const open = make('button', 'Show', { type: 'button', class: 'link', 'aria-label': `Show the order of ${order.quantity} × ${order.product}` });
    onPress(open, async () => {
      await call('orders', `/orders/${encodeURIComponent(order.id)}`);
    });
    find('orders').prepend(make('li', '', {}, make('span', `${order.quantity} × ${order.product}`), open));
  });
};

/** Forgets the orders of who was signed in. */
export const clearOrders = (): void => find('orders').replaceChildren();
