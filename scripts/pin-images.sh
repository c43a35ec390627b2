#!/usr/bin/env bash
# Pins what the images and workflows are made of: every image of the Dockerfile and the Compose files by the digest of
# its tag, every action of the workflows by the commit of its tag. Run it again to follow tags that have moved.
# Needs docker with buildx, git, and access to the registries.
#
#   ./scripts/pin-images.sh            rewrites the files
#   ./scripts/pin-images.sh --check    lists what is not pinned and fails if there is any; needs no network
set -euo pipefail
cd "$(dirname "$0")/.."

image_files=(Dockerfile docker-compose*.yml)
workflow_files=(.github/workflows/*.yml)

# Lines `FILE REFERENCE`. The images of this project have a variable in their name, and a stage is no image.
images() {
    awk '
        toupper($1) == "FROM" {
            for (i = 2; $i ~ /^--/; i++);
            if (!($i in stages) && $i != "scratch") print FILENAME, $i
            if (toupper($(i + 1)) == "AS") stages[$(i + 2)]
        }
        $1 == "image:" && $2 !~ /\$/ { print FILENAME, $2 }' "${image_files[@]}"
}

# Lines `FILE ACTION VERSION`, such as `ci.yml actions/checkout v4` or `ci.yml actions/checkout SHA v4.3.1`.
# Workflows of this repository have no version of their own.
actions() {
    sed -nE 's|^[ -]*uses: *([^./ ][^@ ]*)@([^ ]+)( +# *(v?[0-9][^ ]*))?.*|\1 \2 \4|p' "$1" | sort -u | sed "s|^|$1 |"
}

unpinned() {
    images | grep -vE '@sha256:[0-9a-f]{64}$' || true
    for file in "${workflow_files[@]}"; do actions "$file"; done | grep -vE ' [0-9a-f]{40} ' || true
}

if [ "${1:-}" = --check ]; then
    found=$(unpinned)
    [ -z "$found" ] && exit 0
    printf 'not pinned; run ./scripts/pin-images.sh where the registries can be reached:\n%s\n' "$found" >&2
    exit 1
fi

# replace FILE FROM TO: every occurrence that ends at a space or at the end of the line.
replace() {
    FROM=$2 TO=$3 perl -pi -e 's/(?<=[ ])\Q$ENV{FROM}\E(?=\s|$)/$ENV{TO}/g' "$1"
}

while read -r file reference; do
    tag=${reference%@sha256:*}
    digest=$(docker buildx imagetools inspect "$tag" --format '{{.Manifest.Digest}}')
    [[ "$digest" =~ ^sha256:[0-9a-f]{64}$ ]] || { echo "$tag: no digest but '$digest'" >&2; exit 1; }
    replace "$file" "$reference" "$tag@$digest"
    echo "$file: $tag@$digest"
done < <(images)

for file in "${workflow_files[@]}"; do
    while read -r _ action version comment; do
        tag=${comment:-$version}
        repository=https://github.com/$(cut -d/ -f1,2 <<<"$action")
        # An annotated tag has a second line, with ^{}, that names its commit.
        commit=$(git ls-remote "$repository" "refs/tags/$tag" "refs/tags/$tag^{}" | tail -n 1 | cut -f1)
        [[ "$commit" =~ ^[0-9a-f]{40}$ ]] || { echo "$action: there is no tag $tag" >&2; exit 1; }
        replace "$file" "$action@$version${comment:+ # $comment}" "$action@$commit # $tag"
        echo "$file: $action@$commit # $tag"
    done < <(actions "$file")
done
