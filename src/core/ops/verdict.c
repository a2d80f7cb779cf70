/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See verdict.h.
 */
#include "core/ops/verdict.h"

#include "core/clock.h"
#include "core/conf/conf_load.h"
#include "core/json.h"
#include "core/ops/fds.h"

void findings_print(const struct err_list *errs, FILE *out)
{
	for (size_t i = 0; i < errs->n; i++) {
		const struct err_item *it = &errs->item[i];

		if (it->line)
			(void)fprintf(out, "%s:%u: %s: %s\n", it->file, it->line,
				      err_level_name(it->level), it->text);
		else
			(void)fprintf(out, "%s: %s: %s\n", it->file, err_level_name(it->level),
				      it->text);
	}
	if (errs->n_error + errs->n_warning + errs->n_note > errs->n)
		(void)fprintf(out, "... and %zu more\n",
			      errs->n_error + errs->n_warning + errs->n_note - errs->n);
}

/* What the workers will have to do when all is well. */
struct load {
	double checks, handshakes; /* a second */
};

static struct load load_of(const struct conf *c)
{
	struct load l = { 0 };

	for (uint32_t i = 0; i < c->probe_n; i++) {
		const struct fields_check *s = &c->check[c->probe[i].check].s;
		double rate = (double)SEC(1) / (double)s->interval_us;

		l.checks += rate;
		if ((s->type == CHECK_HTTPS || s->tls.n) && !s->keepalive)
			l.handshakes += rate;
	}
	return l;
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static void print_text(const struct conf_ask *ask, const struct conf *c,
		       const struct err_list *errs)
{
	findings_print(errs, stdout);
	if (ask->is_unreadable)
		return;
	(void)printf("%s: %u file%s", ask->path, ask->files, plural(ask->files));
	if (c)
		(void)printf(", %u instance%s, %u virtual server%s, %u real server%s, %u check%s, "
			     "%.1f checks/s, %.1f TLS handshakes/s",
			     c->vrrp_n, plural(c->vrrp_n), c->vs_n, plural(c->vs_n), c->rs_n,
			     plural(c->rs_n), c->probe_n, plural(c->probe_n), load_of(c).checks,
			     load_of(c).handshakes);
	(void)printf("; %zu error%s, %zu warning%s, %zu note%s%s\n", errs->n_error,
		     plural(errs->n_error), errs->n_warning, plural(errs->n_warning), errs->n_note,
		     plural(errs->n_note),
		     c || ask->is_ruled ? ""
					: "; rules of the whole configuration come after these");
}

static void print_json(const struct conf_ask *ask, const struct conf *c,
		       const struct err_list *errs)
{
	(void)fputs("{\"file\":", stdout);
	json_text(stdout, ask->path);
	(void)printf(",\"files\":%u", ask->files);
	if (c)
		(void)printf(",\"instances\":%u,\"virtual_servers\":%u,\"real_servers\":%u,"
			     "\"checks\":%u,\"checks_per_second\":%.3f,"
			     "\"tls_handshakes_per_second\":%.3f",
			     c->vrrp_n, c->vs_n, c->rs_n, c->probe_n, load_of(c).checks,
			     load_of(c).handshakes);
	(void)printf(",\"errors\":%zu,\"warnings\":%zu,\"notes\":%zu,\"findings\":[", errs->n_error,
		     errs->n_warning, errs->n_note);
	for (size_t i = 0; i < errs->n; i++) {
		const struct err_item *it = &errs->item[i];

		(void)fputs(i ? ",\n {\"file\":" : "\n {\"file\":", stdout);
		json_text(stdout, it->file);
		(void)printf(",\"line\":%u,\"level\":\"%s\",\"text\":", it->line,
			     err_level_name(it->level));
		json_text(stdout, it->text);
		(void)fputc('}', stdout);
	}
	(void)fputs("]}\n", stdout);
}

int verdict(const struct options *o, bool (*vet)(struct conf *c, struct err_list *errs))
{
	struct err_list errs = { 0 };
	struct conf_ask ask = {
		.path = o->file, .node = o->node, .base_dir = o->base_dir, .vet = vet
	};
	struct conf *c = conf_open(&ask, o->format, &errs);

	if (c)
		fds_check(c, o->file, &errs);

	int status = c                   ? EXIT_GOOD
		     : ask.is_unreadable ? EXIT_UNREADABLE
		     : ask.is_insecure   ? EXIT_INSECURE
					 : EXIT_CONF;

	if (c && o->is_strict && errs.n_warning)
		status = EXIT_FAILED;
	if (o->is_json)
		print_json(&ask, c, &errs);
	else
		print_text(&ask, c, &errs);
	err_fini(&errs);
	conf_free(c);
	return status;
}
