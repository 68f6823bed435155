-- The table that the bench `movement` moves: :rows people who do not exist, in the thirteen types that registers are made of.
--
-- Every value follows from the row's number alone, so that a run can be repeated: two numbers without pattern are drawn from
-- it, and everything else is drawn from those. Identity numbers have their check digit (GB 11643), names are two to four
-- characters with compound family names and one character beyond the basic plane among them, and some values are missing.
create table person (
    id          bigint       not null,
    id_card     varchar(18)  not null,
    name        varchar(64)  not null,
    gender      smallint     not null,
    birth_date  date         not null,
    region_code char(6)      not null,
    address     varchar(200),
    phone       varchar(20),
    income      numeric(14,2),
    married     boolean      not null,
    extra       jsonb,
    created_at  timestamp(6) not null,
    updated_at  timestamptz  not null
);

with words as (
    select
        array['王','李','张','刘','陈','杨','赵','黄','周','吴','徐','孙','胡','朱','高','林','何','郭','马','罗',
              '欧阳','司马','上官','诸葛'] as families,
        array['伟','芳','娜','敏','静','丽','强','磊','军','洋','勇','艳','杰','涛','明','超','霞','平','刚','桂',
              '志','建','国','文','思','雨','晨','佳','宇','𠮷'] as given,
        array[330102,330106,330110,320102,320505,310104,350203,370102,420106,440106,500103,510104] as codes,
        array['浙江省杭州市上城区','浙江省杭州市西湖区','浙江省杭州市余杭区','江苏省南京市玄武区','江苏省苏州市虎丘区',
              '上海市徐汇区','福建省厦门市思明区','山东省济南市历下区','湖北省武汉市武昌区','广东省广州市天河区',
              '重庆市渝中区','四川省成都市锦江区'] as places,
        array['小学','初中','高中','专科','本科','硕士'] as schools
), drawn as (
    select no, hashint8extended(no, 1) & 4611686018427387903 as a, hashint8extended(no, 2) & 4611686018427387903 as b
      from generate_series(1, :rows) no
), born as (
    select no, a, b, 1 + (a % 12)::int as place, 1 + b % 999 as serial, date '1940-01-01' + (b / 1000 % 29900)::int as day
      from drawn
), numbered as (
    select born.*, words.*,
           codes[place]::int8 * 100000000000
             + (extract(year from day) * 10000 + extract(month from day) * 100 + extract(day from day))::int8 * 1000
             + serial as body
      from born, words
), weighed as (
    -- Weights of GB 11643 from the last digit to the first: powers of two, modulo eleven.
    select *,
           2 * (body % 10) + 4 * (body / 10 % 10) + 8 * (body / 100 % 10) + 5 * (body / 1000 % 10)
             + 10 * (body / 10000 % 10) + 9 * (body / 100000 % 10) + 7 * (body / 1000000 % 10)
             + 3 * (body / 10000000 % 10) + 6 * (body / 100000000 % 10) + body / 1000000000 % 10
             + 2 * (body / 10000000000 % 10) + 4 * (body / 100000000000 % 10) + 8 * (body / 1000000000000 % 10)
             + 5 * (body / 10000000000000 % 10) + 10 * (body / 100000000000000 % 10)
             + 9 * (body / 1000000000000000 % 10) + 7 * (body / 10000000000000000 % 10) as weight
      from numbered
)
insert into person
select no,
       body::text || substr('10X98765432', 1 + (weight % 11)::int, 1),
       families[1 + (a / 12 % 24)::int] || given[1 + (b / 7 % 30)::int]
         || case when a / 300 % 3 = 0 then '' else given[1 + (b / 211 % 30)::int] end,
       2 - serial % 2,
       day,
       codes[place]::text,
       case when a / 1000 % 100 >= 3
            then places[place] || '人民路' || 1 + b / 17 % 900 || '号' || 1 + a / 17 % 30 || '幢' || 100 + b / 19 % 2500 || '室' end,
       case when b / 3000 % 10 > 0 then '1' || 30 + a / 50 % 70 || lpad((b / 31 % 100000000)::text, 8, '0') end,
       case when a / 5000 % 20 > 0 then (b / 37 % 30000000)::numeric / 100 end,
       a / 70 % 2 = 0,
       case when b / 9000 % 5 > 0
            then jsonb_build_object('school', schools[1 + (a / 90 % 6)::int], 'score', a / 110 % 1000,
                                    'tags', jsonb_build_array('社保', '医保'), 'from', '公安') end,
       timestamp '2020-01-01' + b / 41 % 150000000 * interval '1 second' + a / 130 % 1000000 * interval '1 microsecond',
       timestamptz '2025-01-01 00:00:00+08' + no % 31000000 * interval '1 second'
  from weighed;

alter table person add primary key (id);
