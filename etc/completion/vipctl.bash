# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for vipctl(1): what may come next is vipctl's own to say.

_vipctl()
{
	local line=${COMP_LINE:0:COMP_POINT} cur cut word
	local -a words

	# not COMP_WORDS: those are split at the colons of 10.1.0.1:80
	read -ra words <<<"$line"
	[[ $line == *[[:space:]] ]] && words+=("")
	cur=${words[${#words[@]} - 1]}
	COMPREPLY=()
	while IFS= read -r word; do
		COMPREPLY+=("$word")
	done < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
	# readline replaces what stands behind the last colon only
	if [[ $COMP_WORDBREAKS == *:* && $cur == *:* ]]; then
		cut=${cur%"${cur##*:}"}
		COMPREPLY=("${COMPREPLY[@]#"$cut"}")
	fi
}

# nothing of ours: a file
complete -o default -F _vipctl vipctl
