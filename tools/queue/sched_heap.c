/*
 * sched_heap - a leftist heap, its nodes in what is ordered.
 *
 * Every step costs O(log n) at worst, not only on average: a pairing heap is
 * quicker, but now and then one step pays for ten thousand.
 */
#include "tools/queue/sched_impl.h"

static bool
less(const struct heap_node *x, const struct heap_node *y)
{
	return x->a < y->a || (x->a == y->a && x->b < y->b);
}

static int
dist(const struct heap_node *node)
{
	return node ? node->dist : 0;
}

/* The shorter way is on the right. True when its own distance changed. */
static bool
settle(struct heap_node *node)
{
	struct heap_node *left = node->left;
	int old = node->dist;

	if (dist(left) < dist(node->right)) {
		node->left = node->right;
		node->right = left;
	}
	node->dist = dist(node->right) + 1;
	return node->dist != old;
}

/* Goes down the right of both, which is as long as log n. */
static struct heap_node *
merge(struct heap_node *x, struct heap_node *y)
{
	struct heap_node *swap = x;

	if (!x || !y)
		return x ? x : y;
	if (less(y, x)) {
		x = y;
		y = swap;
	}
	x->right = merge(x->right, y);
	x->right->up = x;
	settle(x);
	return x;
}

void
heap_push(struct heap *heap, struct heap_node *node, int64_t a, int64_t b)
{
	*node = (struct heap_node){ .a = a, .b = b, .dist = 1 };
	heap->top = merge(heap->top, node);
	heap->top->up = NULL;
}

void
heap_remove(struct heap *heap, struct heap_node *node)
{
	struct heap_node *up = node->up, *rest;

	if (node->dist == 0)
		return;
	rest = merge(node->left, node->right);
	if (rest)
		rest->up = up;
	if (!up)
		heap->top = rest;
	else if (up->left == node)
		up->left = rest;
	else
		up->right = rest;
	while (up && settle(up))
		up = up->up;
	*node = (struct heap_node){ 0 };
}
