/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See files.h.
 */
#include "check/files.h"

#include "core/bug.h"
#include "core/conf/idmap.h"

#include <stdlib.h>

static struct file *find(const struct files *f, uint32_t id)
{
	struct file *file = f->bucket[id % FILES_BUCKETS_N];

	while (file && file->id != id)
		file = file->next;
	return file;
}

static struct file *get(struct files *f, uint32_t id)
{
	struct file *file = find(f, id), **bucket = &f->bucket[id % FILES_BUCKETS_N];

	if (file)
		return file;
	file = calloc(1, sizeof(*file));
	BUG_ON(!file);
	file->id = id;
	file->next = *bucket;
	*bucket = file;
	return file;
}

struct track_state files_state(const struct files *f, uint32_t id)
{
	const struct file *file = find(f, id);

	return file ? file->state : (struct track_state){ .is_known = false };
}

struct probe *files_take(struct files *f, uint32_t id, struct track_state state)
{
	struct file *file = get(f, id);

	file->state = state;
	return file->first;
}

void files_join(struct files *f, uint32_t id, struct probe *p)
{
	struct file *file = get(f, id);
	struct probe_more *more = p->more;

	if (more->file == file)
		return;
	files_leave(p);
	more->file = file;
	more->file_prev = NULL;
	more->file_next = file->first;
	if (more->file_next)
		more->file_next->more->file_prev = p;
	file->first = p;
}

void files_leave(struct probe *p)
{
	struct probe_more *more = p->more;

	if (!more || !more->file)
		return;
	if (more->file_prev)
		more->file_prev->more->file_next = more->file_next;
	else
		more->file->first = more->file_next;
	if (more->file_next)
		more->file_next->more->file_prev = more->file_prev;
	more->file = NULL;
}

static void drop(struct files *f, const struct conf *conf)
{
	for (unsigned i = 0; i < FILES_BUCKETS_N; i++) {
		struct file **at = &f->bucket[i];

		while (*at) {
			struct file *file = *at;

			if (conf && idmap_find(&conf->track_by_id, file->id) != IDMAP_NONE) {
				at = &file->next;
				continue;
			}
			BUG_ON(file->first);
			*at = file->next;
			free(file);
		}
	}
}

void files_prune(struct files *f, const struct conf *conf)
{
	drop(f, conf);
}

void files_fini(struct files *f)
{
	drop(f, NULL);
}
