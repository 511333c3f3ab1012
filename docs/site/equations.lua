-- equations.lua - MathML of the plain notation of the docs; links between pages; boxes that scroll. A
-- filter of pandoc, called by build.py with the metadata page (path of the source), pages (a file that
-- lists all sources) and base (prefix of relative links).
--
-- Which blocks are equations: an indented block (or a fence without a language) with a sign of mathematics,
-- unless it begins with a key, holds four names joined by commas, or a line of it begins with a command, an
-- import, a path (but before =) or two numbers apart, holds an option, or draws (only | / \ . -, or a |
-- before two blanks). See is_code.
--
-- The notation: x_ab, x_{...}, x_(12)(34), th_ij;12 subscripts; x^2, x^{...}, x^(l), x^(1/2) superscripts;
-- s1, s', s1' digits (G1, dd1 are names) and primes; lambda, dtheta Greek; sum_{...}, int; words of two or
-- more small letters are prose, log_q_lo and compare.degree names of the program's; <f g>, no blank
-- behind < nor before >, is a bracket. A ^ before a blank, a _ or an argument
-- "(f, g)" is a hat. What is not of the notation is an error.
--
-- Layout: a line is a row of a table. Cells begin after two blanks, and where another line has a cell: before
-- a relation, or below which a continuation begins. Nothing of the source is lost: the class of a
-- script says how it was written, and build.py reads each equation back and compares.

local greek = {}
local alphabet = [[alpha α beta β gamma γ delta δ epsilon ϵ eps ε zeta ζ eta η theta θ kappa κ lambda λ
  mu μ nu ν xi ξ pi π rho ρ sigma σ tau τ phi φ chi χ psi ψ omega ω
  Gamma Γ Delta Δ Theta Θ Lambda Λ Sigma Σ Phi Φ Psi Ψ Omega Ω]]
for name, letter in alphabet:gmatch('(%a+) (%S+)') do
  greek[name] = letter
end
local function set(text)
  local out = {}
  for word in text:gmatch('%S+') do out[word] = true end
  return out
end
-- Names that are no prose though they have small letters only.
local names = set [[sin cos exp log det err erf sqrt softmax sign var cov min max lo nlo half zbar ebar pbar
  mbar xbar ddz dds ddg dddz ddds dz ds dg db dx dt dddelta diag usv suu ssv sss us ss ep ta df Th Mm Gam]]
-- Subscripts that are words, set upright.
local words = set [[lo nlo half lin max min perp par parallel post Gauss span connected cubic response relu
  test]]

local relations = set '= < > <= >= := != <- -> += <-> ≤ ≥ → ='
local operators = {['<='] = '≤', ['>='] = '≥', ['->'] = '→', ['<-'] = '←', ['<->'] = '↔', ['!='] = '≠',
  ['-'] = '−'}
local three, two = set '<-> ...', set '<= >= -> <- := != += ..'
local opening, closing = set '( [ { ⟨', set ') ] } ⟩'
local single = set '= < > + - * / , ; : . ( ) [ ] { } | ⟨ ⟩ ~ ∫ ! " % ∈ × … · ± °'

local function escape(text)
  return (text:gsub('&', '&amp;'):gsub('<', '&lt;'):gsub('>', '&gt;'))
end
local function element(name, text, attributes)
  return '<' .. name .. (attributes or '') .. '>' .. text .. '</' .. name .. '>'
end

local where = '' -- page, for errors
local function fail(what, text)
  error(where .. ': ' .. what .. ' in the equation: ' .. text, 0)
end

-- The end of a group that opens at i.
local function group_end(text, i)
  local open = text:sub(i, i)
  local close = open == '(' and ')' or '}'
  local depth = 0
  for k = i, #text do
    local c = text:sub(k, k)
    if c == open then depth = depth + 1 elseif c == close then depth = depth - 1 end
    if depth == 0 then return k end
  end
  fail('no ' .. close, text)
end

local function identifier(name)
  if greek[name] then return element('mi', greek[name]) end
  local d, rest = name:match('^(d+)(%a+)$')
  if d and greek[rest] then return element('mi', d .. greek[rest]) end
  return element('mi', name)
end

-- Letters of an index one by one, but Greek and words whole.
local function index(text)
  local out = {}
  local i = 1
  while i <= #text do
    local run = text:match('^%a+', i) or text:match('^%d+', i) or text:sub(i, i)
    if run:match('%d') then out[#out + 1] = element('mn', run)
    elseif run:match('%a') then
      if greek[run] or words[run] then out[#out + 1] = identifier(run)
      else for letter in run:gmatch('.') do out[#out + 1] = element('mi', letter) end end
    elseif run == "'" then out[#out + 1] = element('mo', '′', ' lspace="0" rspace="0"')
    else out[#out + 1] = element('mo', run, ' lspace="0" rspace="0" stretchy="false"') end
    i = i + #run
  end
  return element('mrow', table.concat(out))
end

local row -- of an expression, below
local indices = false -- inside of a subscript: letters are indices, one by one

local function index_row(text)
  local before = indices
  indices = true
  local markup = row(text)
  indices = before
  return markup
end

-- What stands behind a _ at i: its markup and where it ends.
local function subscript(text, i)
  local c = text:sub(i, i)
  if c == '{' then
    local k = group_end(text, i)
    return element('mrow', index_row(text:sub(i + 1, k - 1)), ' class="b"'), k + 1
  end
  if c == '(' then
    local k = i
    while text:sub(k, k) == '(' do k = group_end(text, k) + 1 end
    return element('mrow', index_row(text:sub(i, k - 1))), k
  end
  local run = text:match("^%.*[%w][%w']*", i) or text:match('^%.+', i) or text:match('^[-+]', i)
  if not run then fail('a _ without a subscript', text) end
  local k = i + #run
  while true do
    local more = text:match("^[;,][%w.][%w.']*", k)
    if not more then break end
    if more:match('%.$') then more = more:gsub('%.+$', '') end
    if #more < 2 then break end
    run, k = run .. more, k + #more
  end
  if run:match("%d'+$") then -- s_1': the prime is that of s
    local primes = run:match("'+$")
    run, k = run:sub(1, #run - #primes), k - #primes
  end
  return index(run), k
end

-- What stands behind a ^ at i: its markup, where it ends; nil where the ^ is a hat.
local function superscript(text, i)
  local c = text:sub(i, i)
  if c == '{' then
    local k = group_end(text, i)
    return element('mrow', row(text:sub(i + 1, k - 1)), ' class="b"'), k + 1
  end
  if c == '(' then
    local k = group_end(text, i)
    local inner = text:sub(i + 1, k - 1)
    if inner:match('[,;] ') then return nil end
    if inner:match('^%-') or inner:match('^%d+/%d+$') then
      return element('mrow', row(inner), ' class="p"'), k + 1
    end
    return element('mrow', row(text:sub(i, k))), k + 1
  end
  if c == '*' then return element('mrow', element('mo', '*')), i + 1 end
  local sign, run = text:match('^([-+]?)(%d+)', i)
  if not run then sign, run = text:match('^([-+]?)(%a*)', i) end
  if sign .. run == '' then return nil end
  return element('mrow', (sign == '' and '' or element('mo', operators[sign] or sign, ' form="prefix"')) ..
    (run == '' and '' or index(run))), i + #sign + #run
end

-- Scripts behind a base, in the order of the source; class "u": the upper one was first.
local function with_scripts(base, text, i)
  local sub, sup, first, last
  local function flush()
    if sub and sup then
      base = element('msubsup', base .. sub .. element('mrow', sup), first == 'sup' and ' class="u"' or '')
    elseif sub then base = element('msub', base .. sub)
    elseif sup then base = element('msup', base .. element('mrow', sup)) end
    sub, sup, first, last = nil, nil, nil, nil
  end
  while true do
    local c = text:sub(i, i)
    if c == '_' then
      if sub then flush() end
      sub, i = subscript(text, i + 1)
      first, last = first or 'sub', 'sub'
    elseif c == "'" or c == '^' or (c == '~' and i > 1) then
      if sup and last ~= 'sup' then flush() end
      local mark, k
      if c == "'" then mark, k = element('mo', '′', ' class="m" lspace="0" rspace="0"'), i + 1
      elseif c == '~' then mark, k = element('mo', '~', ' class="m" lspace="0" rspace="0"'), i + 1
      else
        mark, k = superscript(text, i + 1)
        if not mark then mark, k = element('mo', '^', ' class="m" lspace="0" rspace="0"'), i + 1 end
      end
      sup, i = (sup or '') .. mark, k
      first, last = first or 'sup', 'sup'
    else break end
  end
  flush()
  return base, i
end

-- The next token at i: kind, markup without scripts, where it ends, text.
local function token(text, i)
  local char = text:match('^' .. utf8.charpattern, i)
  if char:match('%d') then
    local number = text:match('^%d+%.?%d*e[-+]?%d+', i) or text:match('^%d+%.%d+', i) or text:match('^%d+', i)
    return 'number', element('mn', number), i + #number, number
  end
  if char:match('%a') then
    local array = text:match('^layer<l>/[%l_]+', i) or text:match('^%l%l+_%l+_%l[%l_]*', i) or
      text:match('^%l%l%l+%.%l%l%l+', i) -- of an archive, or a key
    if array then return 'word', element('mtext', escape(array), ' class="name"'), i + #array, array end
    local word = text:match('^%a+', i)
    local k = i + #word
    local digits = text:match('^%d+', k) or ''
    local after = text:sub(k + #digits, k + #digits)
    local behind = k + #digits
    local name = #digits == 1 and word ~= 'Th' and (#word > 1 or word:match('%u')) -- G1, Theta1, row1
    name = name or text:match('^[%a_]', behind) or text:match("^'+_", behind) -- T1_IJ, d2f_u
    if digits ~= '' and name then
      local rest = digits .. text:match('^%a*', behind)
      return 'name', element('mi', (greek[word] or word) .. rest), k + #rest, word .. rest
    end
    if digits ~= '' then
      local number = element('mrow', element('mn', digits), ' class="d"')
      return 'name', element('msub', identifier(word) .. number), k + #digits, word
    end
    if word == 'sum' and not text:match('^ o[fv]', k) then return 'big', element('mo', '∑'), k, word end
    if word == 'int' and text:match('^[ _]', k) then return 'big', element('mo', '∫'), k, word end
    if indices and digits == '' and #word > 1 and not (greek[word] or words[word] or names[word]) and
        word:match('^%l+$') and not set('in of not')[word] then
      return 'name', element('mrow', (word:gsub('.', '<mi>%0</mi>'))), k, word
    end
    local long = text:match('^%l[%l]+[%l-]*%l', i) or word
    local symbol = greek[word] or greek[word:match('^d+(%a+)$') or ''] or names[word]
    if #word > 1 and word:match('^%u?%l+$') and not symbol and not after:match("[_^(']") then
      return 'word', element('mtext', long), i + #long, long
    end
    return 'name', identifier(word), k, word
  end
  local op = text:sub(i, i + 2)
  if not three[op] then op = text:sub(i, i + 1) end
  if not (three[op] or two[op]) then op = char end
  if op == char and not single[char] then fail('the sign ' .. char .. ' is not of the notation', text) end
  local left, right = text:sub(i - 1, i - 1), text:sub(i + 1, i + 1)
  if op == '<' and right ~= ' ' and not (i > 1 and left:match('[%w)\']')) then op = '⟨' end
  if op == '>' and i > 1 and left ~= ' ' and not right:match('%w') then op = '⟩' end
  if op ~= char and (op == '⟨' or op == '⟩') then
    local open = op == '⟨'
    return open and 'open' or 'close', element('mo', op, ' stretchy="false" form="' ..
      (open and 'prefix' or 'postfix') .. '"'), i + 1, op
  end
  if opening[op] then return 'open', element('mo', op, ' stretchy="false" form="prefix"'), i + #op, op end
  if closing[op] then return 'close', element('mo', op, ' stretchy="false" form="postfix"'), i + #op, op end
  if op == '|' or op == '/' then
    local kind = op == '|' and 'bar' or 'slash'
    return kind, element('mo', op, ' stretchy="false" lspace="0" rspace="0"'), i + #op, op
  end
  if op == '∫' then return 'big', element('mo', op), i + #op, op end
  if op:match('^[,;:.]+$') or op == '"' or op == '%' or op == '!' then
    return 'mark', element('mo', op, ' lspace="0" rspace="0" form="postfix"'), i + #op, op
  end
  return relations[op] and 'relation' or 'operator', op, i + #op, op
end

local opens, spaced = set 'start open operator relation mark slash', set 'relation operator'
local scriptless = set 'word relation operator mark open slash'

function row(text)
  local out, i, before = {}, 1, 'start'
  while i <= #text do
    local blank = text:match('^ +', i) or ''
    i = i + #blank
    if i > #text then break end
    local kind, markup, k, source = token(text, i)
    if kind == 'relation' or kind == 'operator' then
      local unary = not text:match('^ ', k) and (blank ~= '' or opens[before])
      markup = element('mo', escape(operators[source] or source), ' stretchy="false" form="' ..
        (unary and 'prefix' or 'infix') .. '"')
    elseif source == 'a' and before == 'word' and text:match('^ %l%l%l+ ', k) then
      kind, markup = 'word', element('mtext', 'a')
    end
    if blank ~= '' and before ~= 'start' then
      local prose = kind == 'word' or before == 'word'
      if prose or not (spaced[kind] or spaced[before]) then
        out[#out + 1] = '<mspace width="' .. (prose and '0.35em' or '0.2em') .. '"/>'
      end
    end
    if not scriptless[kind] then
      markup, k = with_scripts(markup, text, k)
    end
    if text:sub(k, k) == '_' or text:sub(k, k) == '^' then
      fail('a ' .. text:sub(k, k) .. ' with nothing before it', text)
    end
    out[#out + 1] = markup
    i, before = k, kind
  end
  return table.concat(out)
end

-- Starts of a line's cells: behind two blanks, or its first sign. In bytes of letters, so that ⟨ is one.
local function characters(line)
  local out = {}
  for char in line:gmatch(utf8.charpattern) do out[#out + 1] = char end
  return out
end
local function starts(chars)
  local out, blanks = {}, 2
  for c, char in ipairs(chars) do
    if char == ' ' then blanks = blanks + 1
    else
      if blanks >= 2 or #out == 0 then out[#out + 1] = c end
      blanks = 0
    end
  end
  return out
end

-- A table of lines without an empty one between them.
local function equation_table(lines)
  local chars, cells, leads, begins = {}, {}, {}, {}
  for r, line in ipairs(lines) do
    chars[r] = characters(line)
    for k, c in ipairs(starts(chars[r])) do
      if k == 1 and c > 1 then leads[c] = true else begins[c] = true end
    end
  end
  local used = {[1] = true}
  for r in ipairs(lines) do -- where each line may be cut
    cells[r] = {}
    local own = {}
    for _, c in ipairs(starts(chars[r])) do own[c] = true end
    for c = 1, #chars[r] do
      local free = chars[r][c] ~= ' ' and (c == 1 or chars[r][c - 1] == ' ')
      local relation = free and relations[table.concat(chars[r], '', c):match('^%S+')]
      local behind = free and leads[c] and table.concat(chars[r], '', 1, c - 1):match('(%S+) +$')
      local below = behind and (relations[behind] or opening[behind:match(utf8.charpattern .. '$')])
      if own[c] or below or (begins[c] and relation) then
        cells[r][#cells[r] + 1] = c
        if #cells[r] > 1 then used[c] = true end
      end
    end
  end
  local columns, place = {}, {}
  for c in pairs(used) do columns[#columns + 1] = c end
  table.sort(columns)
  for k, c in ipairs(columns) do place[c] = k end
  local rows = {}
  for r in ipairs(lines) do
    local out, first, at = {}, cells[r][1], setmetatable({}, {__index = place})
    local style = ' '
    if not at[first] then -- a continuation below no cell: so far in from the last one before
      local left = 1
      for c, k in pairs(place) do if c < first then left = math.max(left, k) end end
      at[first] = left
      style = (' style="padding-left:%.1fem" '):format(0.45 * math.min(first - columns[left], 30))
    end
    if at[first] > 1 then out[1] = element('mtd', '', (' columnspan="%d"'):format(at[first] - 1)) end
    for k, c in ipairs(cells[r]) do
      local last = cells[r][k + 1]
      local span = (last and at[last] or #columns + 1) - at[c]
      local text = table.concat(chars[r], '', c, last and last - 1 or #chars[r]):gsub(' +$', '')
      out[#out + 1] = element('mtd', element('mrow', row(text)), (k == 1 and style or ' ') ..
        ('columnspan="%d"'):format(span))
    end
    rows[r] = element('mtr', table.concat(out))
  end
  return element('mtable', table.concat(rows))
end

local function math_of(markup, source, display)
  return '<math' .. (display and ' display="block"' or '') .. '><semantics>' .. markup ..
    '<annotation encoding="text/plain">' .. escape(source) .. '</annotation></semantics></math>'
end

local commands = set [[pdlt python3 cc cmake ninja mpirun sudo export import result print find_package(pdlt
  pip git]]
local function is_code(text)
  if not text:match('[=<>_^+]') and not text:match('⟨') and not text:match(' [-] ') then return true end
  if text:match('^[%w_.-]+:%s') or text:match('%a,%a+,%a+,%a') then return true end
  for line in text:gmatch('[^\n]+') do
    local first = line:match('%S+') or ''
    local path = first:match('^[%w_.-]+/[%w_/.-]+$') and not line:match('^%s*%S+ +=')
    local drawn = line:match('^[|/\\%s.-]+$') and line:match('%S')
    if commands[first] or path or drawn or line:match('%s%-%-%w') or
        line:match('^%s*|  ') or line:match('^%d+%s%s+[%d.]+%s') then
      return true
    end
  end
  return false
end

local function block(code)
  if #code.classes > 0 or is_code(code.text) then return nil end
  local tables, lines = {}, {}
  for line in (code.text .. '\n\n'):gmatch('([^\n]*)\n') do
    if line:match('%S') then lines[#lines + 1] = line
    elseif #lines > 0 then
      tables[#tables + 1] = element('div', math_of(equation_table(lines), table.concat(lines, '\n'), true))
      lines = {}
    end
  end
  return pandoc.RawBlock('html', element('div', table.concat(tables, '\n'), ' class="equation"'))
end

-- --- equations in lines ---

-- A word of prose that is surely mathematics: a Greek name, or a short base with a script.
local function strong(text)
  if text:match('%.md') or text:match('//') or text:match('@') or text:match('[`#\\]') then return false end
  if greek[text] or text:match('⟨') or text:match('^%d+/%a+[_^]') or text:match('^%a[%(%[].*[_^]') or
      text:match("^%l%d?'+$") or greek[text:match("^(%a+)'+$") or ''] or text:match('^|%a+|%^%d') then
    return true
  end
  local base, mark = text:match("^[(|[⟨-]*(%a[%a]*%d*'*)([_^])")
  if not base then return text:match('^%d*/?%w?%^[(%w]') ~= nil or text:match('^%d+/%w%^') ~= nil end
  if mark == '^' then return #base <= 6 end
  local tail = text:match('_(.*)$')
  if tail == '' or (tail:match('^%l%l%l%l%l') and not words[tail]) or text:match('__') then return false end
  return greek[base] or names[base] or #base <= 3
end
local function weak(text)
  return relations[text] or set('+ - * /')[text] or text:match('^%d+$') or text:match('^%d+%.%d+$') or
    text:match('^[B-HJ-Zb-z]$') or text:match('^%d+/%a%w?$') or text:match('^[a-zB-Z]%d+$') or
    text:match("^%a%d*'*%([%w,+-]*%)$")
end

local function balanced(text)
  local depth = 0
  for c in text:gmatch(utf8.charpattern) do
    depth = depth + (opening[c] and 1 or closing[c] and -1 or 0)
    if depth < 0 then return false end
  end
  return depth == 0
end

-- Trailing punctuation of a word, and brackets that it does not close itself.
local function bare(text)
  local tail = text:match('[.,;:?]+$') or ''
  text = text:sub(1, #text - #tail)
  local head = ''
  while text ~= '' and not balanced(text) do
    if text:match('[%)%]}]$') then tail, text = text:sub(-1) .. tail, text:sub(1, -2)
    elseif text:match('^[%(%[{]') then head, text = head .. text:sub(1, 1), text:sub(2)
    else return nil end
    local more = text:match('[.,;:?]+$') or ''
    tail, text = more .. tail, text:sub(1, #text - #more)
  end
  return head, text, tail
end

local function inline(text)
  local ok, markup = pcall(row, text)
  indices = false
  if not ok or markup:match('<mtext>') then return nil end
  markup = math_of(element('mrow', markup), text, false)
  return pandoc.RawInline('html', #text > 24 and element('span', markup, ' class="long"') or markup)
end

local pages, page, base = {}, '', ''

local function normal(path)
  local parts = {}
  for part in path:gmatch('[^/]+') do
    if part == '..' then parts[#parts] = nil elseif part ~= '.' then parts[#parts + 1] = part end
  end
  return table.concat(parts, '/')
end
local function folder() return page:match('^(.*/)') or '' end
local function html(path) return (path:gsub('%.md$', '.html')) end

-- The address of a page that prose names from the root, its folder or docs/; nil when there is none.
local function address(name)
  for _, from in ipairs {'', folder(), 'docs/'} do
    local path = normal(from .. name)
    if pages[path] and path ~= page then
      local up = folder():gsub('[^/]+/', '../')
      return (base == '' and up or '') .. html(path)
    end
  end
end

-- Words that a bracket of mathematics holds together, as E[x_a x_b], are one word.
local function joined(inlines)
  local out, i = pandoc.List(), 1
  while i <= #inlines do
    local item, last = inlines[i], i
    if item.t == 'Str' and not balanced(item.text) and
        (item.text:match("[%w'][%(%[]") or item.text:match('[_^][{(]') or item.text:match('^%(?⟨')) then
      local text = item.text
      for k = i + 2, math.min(i + 24, #inlines), 2 do
        if inlines[k - 1].t ~= 'Space' or inlines[k].t ~= 'Str' then break end
        text = text .. ' ' .. inlines[k].text
        local head, inner = bare(text)
        if head == '' and inner and #inner > #item.text then
          if inner:match('[_^=]') or inner:match('⟨') then item, last = pandoc.Str(text), k end
          break
        end
      end
    end
    out:insert(item)
    i = last + 1
  end
  return out
end

local function prose(inlines)
  inlines = joined(inlines)
  local out, i = pandoc.List(), 1
  while i <= #inlines do
    local item = inlines[i]
    local name = item.t == 'Str' and item.text:match('[%w_/.-]*[%w_-]%.md')
    local target = name and address(name)
    if target then
      local a, b = item.text:find(name, 1, true)
      if a > 1 then out:insert(pandoc.Str(item.text:sub(1, a - 1))) end
      out:insert(pandoc.Link(name, target))
      if b < #item.text then out:insert(pandoc.Str(item.text:sub(b + 1))) end
    elseif item.t == 'Str' then
      local head, text, tail = bare(item.text)
      local done = false
      if text and text ~= '' and (strong(text) or weak(text)) then
        local last, parts, sure, stop = i, text, strong(text), tail ~= ''
        local best, best_tail, best_sure = i, tail, sure
        local best_text = text
        while not stop and inlines[last + 1] and inlines[last + 1].t == 'Space' and inlines[last + 2] and
            inlines[last + 2].t == 'Str' do
          local h, t, rest = bare(inlines[last + 2].text)
          if not t or h ~= '' or not (strong(t) or weak(t)) then break end
          parts, last, sure, stop = parts .. ' ' .. t, last + 2, sure or strong(t), rest ~= ''
          if not (relations[t] or set('+ - * /')[t]) then
            best, best_tail, best_sure, best_text = last, rest, sure, parts
          end
        end
        local begins_well = strong(text) or not (relations[text] or set('+ - * /')[text])
        local markup = best_sure and begins_well and inline(best_text)
        if markup then
          if head ~= '' then out:insert(pandoc.Str(head)) end
          out:insert(markup)
          if best_tail ~= '' then out:insert(pandoc.Str(best_tail)) end
          i, done = best, true
        end
      end
      if not done then out:insert(item) end
    else
      out:insert(item)
    end
    i = i + 1
  end
  return out
end

local function code(item)
  local target = item.text:match('%.md$') and address(item.text)
  return target and pandoc.Link({item}, target) or nil
end

local function link(item)
  if item.target:match('^%a+:') then return nil end
  item.target = item.target:gsub('%.md$', '.html'):gsub('%.md#', '.html#')
  if not item.target:match('^#') and base ~= '' and not item.target:match('^' .. base) then
    item.target = normal(base .. item.target)
  end
  return item
end

return {
  {Meta = function(meta)
    page, base = pandoc.utils.stringify(meta.page), pandoc.utils.stringify(meta.base or '')
    where = page
    for line in io.lines(pandoc.utils.stringify(meta.pages)) do pages[line] = true end
  end},
  {Link = link, Image = function(image)
    if base ~= '' then image.src = normal(base .. image.src) end
    return image
  end},
  {CodeBlock = block, Inlines = prose,
    Table = function(grid) return pandoc.Div({grid}, {class = 'scroll'}) end},
  {Code = code, Header = function(header) return header end},
}
