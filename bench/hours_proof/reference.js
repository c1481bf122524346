// Evaluates opening hours with opening_hours.js: reads a JSON array of {text, lon, lat, country, start, end} from
// standard input, times in milliseconds since 1970, and prints for each {error} or {warnings, open, unknown}, the latter
// two as arrays of [start, end]. Times are local to the process, so TZ is the zone of all places.
const OpeningHours = require('opening_hours');

function evaluated({text, lon, lat, country, start, end}) {
    const hours = new OpeningHours(text, {lon: String(lon), lat: String(lat), address: {country_code: country, state: ''}});
    const found = {warnings: hours.getWarnings(), open: [], unknown: []};
    const iterator = hours.getIterator(new Date(start));
    let since = start;
    while (since < end) {
        const list = iterator.getState() ? found.open : iterator.getUnknown() ? found.unknown : null;
        const until = iterator.advance(new Date(end)) ? iterator.getDate().getTime() : end;
        if (list) list.push([since, until]);
        since = until;
    }
    return found;
}

const answers = JSON.parse(require('fs').readFileSync(0, 'utf8')).map((question) => {
    try {
        return evaluated(question);
    } catch (error) {
        return {error: String(error)};
    }
});
console.log(JSON.stringify(answers));
